import { OpenSessions } from "../../src/session/open-sessions.ts";
import { SessionTables } from "../../src/session/session-tables.ts";
import { Disk } from "./disk.ts";
import type { Life, Machine, Stage } from "./stage.ts";

/** The objects that count clients' sessions where each session has an object of its own. They do not die themselves. */
export class Counters {
  readonly #world: Stage;
  readonly #counters = new Map<string, { readonly disk: Disk; readonly open: OpenSessions }>();

  constructor(world: Stage) {
    this.#world = world;
  }

  /** A message from a session's object: it leaves when what was written before is on disk, and may be lost. */
  async tell(name: string, object: Machine, life: Life, change: (open: OpenSessions) => void): Promise<void> {
    await object.stored(life, "counter");
    if (this.#world.dice.fault("counter-lost", 0.2) !== null) throw new Error("the counter is out of reach");
    change(this.#counter(name).open);
  }

  admit(name: string, applicant: Parameters<OpenSessions["admit"]>[0], now: number): boolean {
    return this.#counter(name).open.admit(applicant, now);
  }

  /** Sessions that are still counted. */
  openAt(now: number): number {
    let sum = 0;
    for (const { disk } of this.#counters.values()) {
      if (!disk.has("open")) continue;
      sum += Number(disk.ask("SELECT count(*) AS n FROM open WHERE until > ?", now)[0]?.["n"] ?? 0);
    }
    return sum;
  }

  close(): void {
    for (const { disk } of this.#counters.values()) disk.close();
  }

  #counter(name: string): { readonly disk: Disk; readonly open: OpenSessions } {
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    const disk = new Disk();
    const counter = { disk, open: new OpenSessions(new SessionTables(disk)) };
    this.#counters.set(name, counter);
    return counter;
  }
}
