import type { Pieces } from "../origin/sender.ts";
import type { EntityBytes } from "./entity-bytes.ts";
import { segmentNameOf } from "./segment-calls.ts";
import type { SessionWorld } from "./session-world.ts";

/** One read of a segment. */
const READ_BYTES = 1024 * 1024;

/** The bytes of an upload from `start` up to, not including, `end`, in order, wherever they are. */
export function readEntity(
  fragments: EntityBytes,
  world: SessionWorld,
  start = 0,
  end = fragments.length,
): Pieces {
  return fragments.moved === null ? fragments.read(start, end) : readApart(fragments, world, start, end);
}

/** An upload that is read for one attempt, from the start or from somewhere else, as often as the attempt needs it. */
export class EntityReading {
  readonly #fragments: EntityBytes;
  readonly #world: SessionWorld;
  /** Why some read broke off; null if none did. */
  error: string | null = null;

  constructor(fragments: EntityBytes, world: SessionWorld) {
    this.#fragments = fragments;
    this.#world = world;
  }

  read(start?: number, end?: number): Pieces {
    const pieces = readEntity(this.#fragments, this.#world, start, end);
    return Symbol.asyncIterator in pieces ? this.#watch(pieces) : pieces;
  }

  async *#watch(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* pieces;
    } catch (error) {
      this.error = String(error);
      throw error;
    }
  }
}

/**
 * While one chunk is sent, the next is read. Each chunk is looked for where it is at that moment: the mover may be at work.
 *
 * @throws if a segment does not answer, or if bytes are missing
 */
async function* readApart(
  fragments: EntityBytes,
  world: SessionWorld,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let next = start < end ? readChunk(fragments, world, start, end) : null;
  for (let at = start; next !== null;) {
    const pieces = await next;
    for (const { byteLength } of pieces) at += byteLength;
    next = at < end ? readChunk(fragments, world, at, end) : null;
    next?.catch(() => undefined); // told when it is waited for, unless the reader leaves before
    yield* pieces;
  }
}

/** Bytes from `from` on, at least one. */
async function readChunk(
  fragments: EntityBytes,
  world: SessionWorld,
  from: number,
  end: number,
): Promise<Uint8Array[]> {
  const moved = fragments.moved;
  if (moved === null || from >= moved.bytes) {
    const pieces = [...fragments.read(from, Math.min(from + READ_BYTES, end))];
    if (pieces.length === 0) throw new Error("bytes of the upload are gone");
    return pieces;
  }
  const index = Math.floor(from / moved.segmentBytes);
  const first = index * moved.segmentBytes;
  const until = Math.min(from + READ_BYTES, end, moved.bytes, first + moved.segmentBytes);
  return [await world.segment(segmentNameOf(moved.name, index)).read(from - first, until - first)];
}
