import type { RemoteSegment, SegmentCalls } from "../../src/session/segment-calls.ts";
import { segmentNameOf } from "../../src/session/segment-calls.ts";
import { SEGMENT_SIZES, type SegmentSizes } from "../../src/session/segment-sizes.ts";
import { SegmentStore } from "../../src/session/segment-store.ts";
import type { Dice } from "./dice.ts";
import { Disk } from "./disk.ts";
import type { Life, Machine, Stage } from "./stage.ts";

/** Uploads of a few hundred bytes, in pieces of thirty at most, are large in half of the worlds. */
const SMALL: SegmentSizes = { mostBytes: 100, keptBytes: 30, segmentBytes: 70 };

export function segmentSizesOf(dice: Dice): SegmentSizes {
  return dice.next("segment sizes") < 0.5 ? SMALL : SEGMENT_SIZES;
}

/** One object that stores a part of an upload. */
interface Segment {
  readonly disk: Disk;
  store: SegmentStore;
  armedFor: number | null;
}

/** The objects that store what a session's own has no room for. They die too, and calls to them are lost, or come late. */
export class Segments {
  readonly #world: Stage;
  readonly #segments = new Map<string, Segment>();

  constructor(world: Stage) {
    this.#world = world;
  }

  /** A segment as one life of a session's object sees it. */
  remote(name: string, object: Machine, life: Life): RemoteSegment {
    const call = async <Answer>(run: (segment: SegmentCalls) => Answer | Promise<Answer>): Promise<Answer> =>
      await this.#call(name, object, life, run);
    return {
      append: async (owner, offset, pieces) => {
        const sent = pieces.map((piece) => piece.slice());
        await call((segment) => segment.append(owner, offset, sent));
      },
      read: async (start, end) => await call((segment) => segment.read(start, end)),
      remove: async () => await call(async (segment) => await segment.remove()),
    };
  }

  /** What the segments of an upload have on disk, up to a length. */
  stored(name: string, segmentBytes: number, length: number): Buffer {
    const parts: Buffer[] = [];
    for (let first = 0; first < length; first += segmentBytes) {
      const disk = this.#segments.get(segmentNameOf(name, first / segmentBytes))?.disk;
      const rows = disk?.has("fragments") === true ? disk.ask("SELECT bytes FROM fragments ORDER BY id") : [];
      const whole = Buffer.concat(rows.map(({ bytes }) => bytes as Uint8Array));
      parts.push(whole.subarray(0, Math.min(segmentBytes, length - first)));
    }
    return Buffer.concat(parts);
  }

  /** Names of segments that store anything. */
  get left(): string[] {
    return [...this.#segments].filter(([, { disk }]) => disk.tables.size > 0).map(([name]) => name);
  }

  close(): void {
    for (const { disk } of this.#segments.values()) disk.close();
  }

  /** The call may be lost on its way, or its answer. It arrives even if the life that made it has ended meanwhile. */
  async #call<Answer>(
    name: string,
    object: Machine,
    life: Life,
    run: (segment: SegmentCalls) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const { dice, schedule } = this.#world;
    const result: { answer?: Promise<Answer> } = {};
    const way = dice.next("segment") * 5;
    schedule.after(way, () => {
      result.answer = this.#answer(name, run);
      result.answer.catch(() => undefined); // told when it is waited for
    });
    await object.wait(life, "segment", way + 5);
    if (result.answer === undefined) throw new Error("the call has not arrived");
    return await result.answer;
  }

  async #answer<Answer>(
    name: string,
    run: (segment: SegmentCalls) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const { dice } = this.#world;
    if (dice.fault("segment-lost", 0.1) !== null) throw new Error("the segment is out of reach");
    const segment = this.#segment(name);
    const answer = await run(segment.store);
    const { disk } = segment;
    const severity = dice.fault("segment-crash", 0.1);
    if (severity !== null) {
      disk.crash(Math.floor(severity * (disk.unconfirmed + 0.999)));
      segment.store = this.#store(disk);
    }
    disk.confirm(disk.written());
    this.#arm(segment);
    if (severity !== null) throw new Error("the segment was reset");
    return answer;
  }

  #segment(name: string): Segment {
    const known = this.#segments.get(name);
    if (known !== undefined) return known;
    const disk = new Disk();
    const segment = { disk, store: this.#store(disk), armedFor: null };
    this.#segments.set(name, segment);
    return segment;
  }

  #store(disk: Disk): SegmentStore {
    return new SegmentStore(disk, {
      now: () => this.#world.clock,
      isHeld: async ({ session, name }) =>
        await this.#world.objectOf(session).call("question of a segment", (host) => host.holdsSegments(name)),
      log: (event, fields) => this.#world.story.tell("segment", event, fields),
    });
  }

  #arm(segment: Segment): void {
    const { alarm } = segment.disk;
    if (alarm === segment.armedFor) return;
    segment.armedFor = alarm;
    if (alarm === null) return;
    this.#world.schedule.after(Math.max(0, alarm - this.#world.clock), () => void this.#ring(segment, alarm));
  }

  async #ring(segment: Segment, alarm: number): Promise<void> {
    if (segment.disk.alarm !== alarm) return;
    segment.disk.takeAlarm();
    await segment.store.alarm();
    segment.disk.confirm(segment.disk.written());
    segment.armedFor = null;
    this.#arm(segment);
  }
}
