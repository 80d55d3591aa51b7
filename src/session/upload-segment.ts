import { DurableObject } from "cloudflare:workers";
import { log } from "../runtime/log.ts";
import { besides, objectOf } from "../runtime/placement.ts";
import { objectNameOf } from "../signed/session-place.ts";
import type { SegmentCalls, SegmentHolder, SegmentOwner } from "./segment-calls.ts";
import { SegmentStore } from "./segment-store.ts";

interface SegmentBindings {
  readonly UPLOAD_SESSIONS: DurableObjectNamespace<DurableObject & SegmentHolder>;
}

/**
 * The Durable Object in which a part of a large upload is stored: it gives the runtime's storage to a `SegmentStore`, and
 * hands every call on. `SegmentCalls` has the contract.
 */
export class UploadSegment extends DurableObject<SegmentBindings> implements SegmentCalls {
  readonly #store = new SegmentStore(this.ctx.storage, {
    now: () => Date.now(),
    isHeld: async ({ session, name }) =>
      await objectOf(this.env.UPLOAD_SESSIONS, objectNameOf(session), besides(this.ctx.id)).holdsSegments(
        name,
      ),
    log,
  });

  append(owner: SegmentOwner, offset: number, pieces: readonly Uint8Array[]): void {
    this.#store.append(owner, offset, pieces);
  }

  read(start: number, end: number): Uint8Array {
    return this.#store.read(start, end);
  }

  async remove(): Promise<void> {
    await this.#store.remove();
  }

  override async alarm(): Promise<void> {
    await this.#store.alarm();
  }
}
