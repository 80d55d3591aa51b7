import type { Pieces } from "../origin/sender.ts";
import { giveWay } from "./give-way.ts";
import type { RunningDigest, SessionWorld } from "./session-world.ts";

/** The digest reads so many bytes in a row. Then the other sessions of the object have their turn. */
const READ_IN_A_ROW_BYTES = 4 * 1024 * 1024;

/**
 * SHA-256 of an upload, computed as the bytes arrive, so that a commit need not read them twice. The runtime's digest does
 * not give its state away: if a session was taken out of memory in between, it reads its stored bytes once more
 * (`digestOf`). docs/decisions/0006 has the measurements.
 */
export class EntityDigest {
  readonly #world: SessionWorld;
  #digest: RunningDigest | null = null;
  #length = 0;

  constructor(world: SessionWorld) {
    this.#world = world;
  }

  /**
   * Takes bytes that were appended at `offset`. After a gap the digest is useless, and `finish` gives null. Resolves when
   * the bytes were read, so that their memory may go.
   */
  async append(offset: number, bytes: Uint8Array): Promise<void> {
    if (offset !== this.#length) return;
    this.#length += bytes.byteLength;
    this.#digest ??= this.#world.startDigest();
    await this.#digest.write(bytes);
  }

  /** The digest of the first `length` bytes, base64; null if this instance has not seen just those. */
  async finish(length: number): Promise<string | null> {
    if (this.#digest === null || this.#length !== length) return null;
    const digest = this.#digest;
    this.#digest = null;
    return await digest.finish();
  }
}

/** SHA-256 of bytes that are stored, base64. */
export async function digestOf(bytes: Pieces, world: SessionWorld): Promise<string> {
  const digest = world.startDigest();
  let inARow = 0;
  for await (const piece of bytes) {
    await digest.write(piece);
    inARow += piece.byteLength;
    if (inARow < READ_IN_A_ROW_BYTES) continue;
    inARow = 0;
    await giveWay(world);
  }
  return await digest.finish();
}
