import type { Config } from "../../src/config/config.ts";
import type { SessionId } from "../../src/protocol/session-id.ts";
import type { SegmentSizes } from "../../src/session/segment-sizes.ts";
import { objectNameOf } from "../../src/signed/session-place.ts";
import { Application } from "./application.ts";
import { Client } from "./client.ts";
import { Counters } from "./counters.ts";
import type { Coverage } from "./coverage.ts";
import { Dice } from "./dice.ts";
import { HostedObject } from "./hosted-object.ts";
import { type Broken, Laws } from "./laws.ts";
import { Segments, segmentSizesOf } from "./segments.ts";
import { Schedule } from "./schedule.ts";
import { settingsOf } from "./settings.ts";
import type { Stage } from "./stage.ts";
import { Story } from "./story.ts";

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Everything has failed that will. */
const HEALED_AT = START + 3 * DAY;
/** Whoever can come to an end has. */
const SETTLED_AT = START + 20 * DAY;
/** Whatever was stored has timed out. */
const OVER_AT = START + 60 * DAY;

/** What became of a world. */
export interface Outcome {
  readonly seed: number;
  readonly broke: Broken | null;
  /** Faults that happened, by name. */
  readonly fired: readonly string[];
  readonly events: number;
  readonly uploads: number;
  readonly committed: number;
  readonly story: string;
}

/** How a world is run. */
export interface WorldOptions {
  /** The only faults that may happen; null for all that the seed has. */
  readonly allowed: ReadonlySet<string> | null;
  /** Only the first clients; null for all. */
  readonly clients: number | null;
  readonly isTold: boolean;
}

/** An edge, its clients and its origin, with everything that fails in them. */
export class World implements Stage {
  readonly dice: Dice;
  readonly schedule = new Schedule(START);
  readonly story: Story;
  readonly laws: Laws;
  config: Config;
  readonly application: Application;
  readonly counters: Counters;
  readonly segments: Segments;
  readonly segmentSizes: SegmentSizes;
  readonly coverage: Coverage;
  isDiskFull = false;
  wasDiskFull = false;
  hasClockJumped = false;
  heldSince = Number.POSITIVE_INFINITY;
  #skew = 0;
  readonly #objects = new Map<string, HostedObject>();
  /** Objects by session, which is asked too often to compute it each time. */
  readonly #homes = new Map<SessionId, HostedObject>();
  readonly #clients: Client[] = [];

  constructor(seed: number, coverage: Coverage, { allowed, clients, isTold }: WorldOptions) {
    this.dice = new Dice(seed, allowed);
    this.coverage = coverage;
    this.story = new Story(isTold, () => this.schedule.now);
    this.laws = new Laws(this);
    this.config = settingsOf(this.dice);
    this.application = new Application(this);
    this.counters = new Counters(this);
    this.segments = new Segments(this);
    this.segmentSizes = segmentSizesOf(this.dice);
    const count = this.dice.pick("clients", [1, 1, 2, 3]);
    for (let index = 0; index < Math.min(count, clients ?? count); index += 1)
      this.#clients.push(new Client(`client ${index}`, this));
  }

  /** The time as the edge has it. */
  get clock(): number {
    return Math.floor(this.schedule.now + this.#skew);
  }

  objectOf(id: SessionId): HostedObject {
    const known = this.#homes.get(id);
    if (known !== undefined) return known;
    const name = objectNameOf(id);
    const told = name.length > 20 ? `object ${this.#objects.size}` : name;
    const object = this.#objects.get(name) ?? new HostedObject(told, this);
    this.#objects.set(name, object);
    this.#homes.set(id, object);
    return object;
  }

  /** Lives the world to its end, or to the first law that breaks. */
  async live(seed: number): Promise<Outcome> {
    for (const client of this.#clients)
      void client
        .live()
        .catch((error: unknown) => this.laws.broken("a client is never confused", String(error)));
    this.#planWeather();
    try {
      await this.schedule.run(HEALED_AT, () => this.#settled());
      this.#heal();
      await this.schedule.run(SETTLED_AT, () => this.#settled());
      this.#isAlive();
      await this.schedule.run(OVER_AT, () => this.#settled());
      this.#isOver();
    } catch (error) {
      if (error !== this.laws.broke) throw error;
    }
    const { broke, uploads } = this.laws;
    const { events } = this.schedule;
    for (const { disk } of this.#objects.values()) disk.close();
    this.counters.close();
    this.segments.close();
    const committed = uploads.filter(({ isClosed }) => isClosed).length;
    return {
      seed,
      broke,
      fired: this.dice.fired,
      events,
      uploads: uploads.length,
      committed,
      story: this.story.text,
    };
  }

  /** After each event: what it touched is looked at, and may die. */
  #settled(): void {
    if (this.laws.broke !== null) throw this.laws.broke;
    for (const object of this.#objects.values()) {
      if (!object.isTouched) continue;
      object.isTouched = false;
      this.laws.checkAlarm(object);
      const severity = object.isAwake ? this.dice.fault("crash", 0.2) : null;
      if (severity !== null) {
        object.crash(severity);
        this.#damage(object);
      } else if (this.dice.fault("evict", 0.1) !== null) object.evict();
      object.arm();
      if (this.dice.fault("setting-changed", 0.02) !== null) this.#hold();
    }
  }

  /** A hand in the database, or a disk that forgets: one record is none any more. */
  #damage(object: HostedObject): void {
    const { disk } = object;
    const severity = this.dice.fault("record-damaged", 0.03);
    if (severity === null || !disk.has("sessions")) return;
    const upload = this.laws.uploads[Math.floor(severity * this.laws.uploads.length)];
    if (upload === undefined) return;
    const [row] = disk.ask("SELECT record FROM sessions WHERE id = ? AND record IS NOT NULL", upload.id);
    if (row === undefined) return;
    upload.isDamaged = true;
    disk.ask("UPDATE sessions SET record = '{' WHERE id = ?", upload.id);
    this.story.tell("hand", `damages the record of ${upload.client}`);
    if (this.dice.next("repair") < 0.05) return;
    this.schedule.after(this.dice.next("repair") * HOUR, () =>
      this.#repair(object, upload.id, String(row["record"])),
    );
  }

  /** The same hand puts it back, while nobody has it in memory. */
  #repair(object: HostedObject, id: SessionId, record: string): void {
    object.crash(0);
    const { disk } = object;
    if (disk.has("sessions"))
      disk.ask("UPDATE sessions SET record = ? WHERE id = ? AND record = '{'", record, id);
    this.story.tell("hand", "repairs the record");
  }

  /** The disk fills up and gets room again, and the clock is put right, when nobody expects it. */
  #planWeather(): void {
    const full = this.dice.fault("disk-full", 0.6);
    if (full !== null) {
      const begin = full ** 3 * 20_000;
      this.schedule.after(begin, () => {
        this.isDiskFull = true;
        this.wasDiskFull = true;
      });
      this.schedule.after(begin + this.dice.next("full") * 30_000, () => (this.isDiskFull = false));
    }
    const jump = this.dice.fault("clock-jump", 0.3);
    if (jump === null) return;
    this.schedule.after(this.dice.next("jump") * 20_000, () => {
      this.hasClockJumped = true;
      this.#skew = (jump - 0.5) ** 3 * 8 * 30 * DAY;
      this.story.tell("clock", `jumps by ${(this.#skew / 1000).toFixed(0)} s`);
      for (const object of this.#objects.values()) object.arm(true);
    });
  }

  /** The operator has had enough of applications that are told twice. */
  #hold(): void {
    const directories = this.config.directories.map(
      (directory) => ({ ...directory, unknownOutcome: "hold" }) as const,
    );
    this.config = { ...this.config, directories };
    this.heldSince = Math.min(this.heldSince, this.clock);
    this.story.tell("operator", "sets unknown_outcome to hold");
  }

  #heal(): void {
    this.dice.isHealed = true;
    this.isDiskFull = false;
    this.story.tell("world", "heals");
  }

  /** Where client and origin came back, the upload is committed. */
  #isAlive(): void {
    for (const { complaint } of this.#clients)
      if (complaint !== null)
        this.laws.broken("where client and origin come back, the upload is committed", complaint);
    for (const { disk, name } of this.#objects.values()) {
      if (!disk.has("sessions") || this.hasClockJumped) continue;
      const left = disk.ask(`SELECT 1 FROM sessions WHERE record LIKE '%"state":"committing"%'`).length;
      if (left > 0)
        this.laws.broken("where client and origin come back, the upload is committed", `${name}: orphans`);
    }
  }

  /** Every session has ended, and nothing is left of it. */
  #isOver(): void {
    for (const { disk, name } of this.#objects.values()) {
      for (const table of disk.tables) {
        const where = table === "open" ? `WHERE until > ${this.clock}` : "";
        const rows = Number(disk.ask(`SELECT count(*) AS n FROM ${table} ${where}`)[0]?.["n"]);
        if (rows > 0) this.laws.broken("nothing is stored afterwards", `${name}: ${rows} rows of ${table}`);
      }
      if (disk.alarm !== null && !this.hasClockJumped)
        this.laws.broken("nothing is stored afterwards", `${name}: an alarm`);
    }
    const [segment] = this.segments.left;
    if (segment !== undefined) this.laws.broken("nothing is stored afterwards", segment);
    if (this.counters.openAt(this.clock) > 0) this.laws.broken("the counters are at zero", "afterwards");
  }
}
