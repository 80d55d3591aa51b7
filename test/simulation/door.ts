import { FAULTS } from "../../src/protocol/faults.ts";
import { type Answer, UNKNOWN } from "../../src/protocol/session-answer.ts";
import type { SessionPacket } from "../../src/protocol/session-record.ts";
import type { SessionHost } from "../../src/session/session-host.ts";
import type { Upload } from "./upload.ts";
import type { Stage } from "./stage.ts";

/** A Fragment on its way. */
export interface Fragment {
  readonly first: number;
  readonly bytes: Buffer;
  readonly total: number;
  /** The middleware hands it on in pieces of that size. */
  readonly pieceBytes: number;
  /** Whether it carries a digest of its own. */
  readonly isChecked: boolean;
  /** How much of it arrives, from 0 to 1: the connection is cut then. */
  readonly arrives: number;
}

/** Calls the object of a session as the middleware does: a packet becomes calls, a rejection becomes an Ack. */
export class Door {
  readonly #world: Stage;
  #staged = 0;

  constructor(world: Stage) {
    this.#world = world;
  }

  /** @returns null if the connection was cut */
  async fragment(upload: Upload, packet: SessionPacket, fragment: Fragment): Promise<Answer | null> {
    const { bytes, total } = fragment;
    try {
      if (bytes.byteLength > this.#world.config.maximumFragmentBytes)
        return {
          offset: await this.#call(upload, "offset", (host) => host.offset(packet)),
          fault: FAULTS.fragmentTooLarge,
        };
      const answer = fragment.isChecked
        ? await this.#checked(upload, packet, fragment)
        : await this.#pieces(upload, packet, fragment);
      if (answer === null) return null;
      const isComplete = answer.fault === null && answer.offset === total;
      if (!isComplete || upload.directory.commitOn === "close-session") return answer;
      return await this.#call(upload, "complete", async (host) => await host.complete(packet));
    } catch (error) {
      return await this.#broken(upload, packet, error);
    }
  }

  /** GET of the reply's URL. @returns null if it cannot be had just now */
  async reply(upload: Upload): Promise<Buffer | null> {
    const { id } = upload;
    try {
      return await this.#call(upload, "GET reply", async (host) => {
        const size = host.measure(id, "reply");
        if (size === null) return null;
        const parts: Uint8Array[] = [];
        for await (const part of host.read(id, "reply", 0, size.length)) parts.push(part);
        return Buffer.concat(parts);
      });
    } catch {
      return null;
    }
  }

  async close(upload: Upload, packet: SessionPacket): Promise<Answer> {
    try {
      return await this.#call(upload, "close", async (host) => await host.close(packet));
    } catch {
      return { offset: null, fault: FAULTS.edgeFailed };
    }
  }

  async cancel(upload: Upload, packet: SessionPacket): Promise<Answer> {
    try {
      const cancel = async (): Promise<Answer> =>
        await this.#call(upload, "cancel", async (host) => await host.cancel(packet));
      return await cancel().catch(cancel);
    } catch {
      try {
        await this.#call(upload, "erase", (host) => host.erase(packet));
        upload.isErased = true;
        return { offset: null, fault: null };
      } catch {
        return { offset: null, fault: FAULTS.edgeFailed };
      }
    }
  }

  /** While one piece is made durable, the next is on its way. */
  async #pieces(
    upload: Upload,
    packet: SessionPacket,
    { first, bytes, total, pieceBytes, arrives }: Fragment,
  ): Promise<Answer | null> {
    const end = Math.floor(bytes.byteLength * arrives);

    let before: Promise<Answer> | null = null;
    let start = 0;
    do {
      const piece = new Uint8Array(bytes.subarray(start, Math.min(start + pieceBytes, end)));
      const place = first + start;
      const sent = this.#call(upload, "append", (host) =>
        host.append(packet, { first: place, total, bytes: piece }),
      );
      sent.catch(() => undefined); // it is awaited as the piece before
      const answer: Answer | null = before === null ? null : await before;
      if (answer !== null && answer.fault !== null) return answer;
      before = sent;
      start += pieceBytes;
    } while (start < end);
    const answer = await before;
    return arrives < 1 ? null : answer;
  }

  async #checked(
    upload: Upload,
    packet: SessionPacket,
    { first, bytes, total, arrives }: Fragment,
  ): Promise<Answer | null> {
    const offset = await this.#call(upload, "offset", (host) => host.offset(packet));
    if (offset === null) return UNKNOWN;
    if (first > offset) return { offset, fault: FAULTS.offsetGap };
    const name = `${upload.client}, fragment ${(this.#staged += 1)}`; // one that nobody else has
    const end = Math.floor(bytes.byteLength * arrives);
    for (let start = 0; start < end || start === 0; start += 30) {
      const piece = new Uint8Array(bytes.subarray(start, Math.min(start + 30, end)));
      await this.#call(upload, "stage", (host) => host.stage(packet, name, { total, bytes: piece }));
    }
    if (arrives === 1)
      return await this.#call(upload, "adopt", (host) =>
        host.adopt(packet, name, { first, length: bytes.byteLength, total }),
      );
    await this.#call(upload, "unstage", (host) => host.unstage(packet, name));
    return null;
  }

  async #broken(upload: Upload, packet: SessionPacket, error: unknown): Promise<Answer> {
    if (!/SQLITE_FULL/.test(String(error))) return { offset: null, fault: FAULTS.edgeFailed };
    try {
      return {
        offset: await this.#call(upload, "offset", (host) => host.offset(packet)),
        fault: FAULTS.storageFull,
      };
    } catch {
      return { offset: null, fault: FAULTS.edgeFailed };
    }
  }

  async #call<T>({ id }: Upload, what: string, run: (host: SessionHost) => T | Promise<T>): Promise<T> {
    return await this.#world.objectOf(id).call(what, run);
  }
}
