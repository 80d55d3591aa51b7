import { DurableObject } from "cloudflare:workers";
import { type Config, readConfig } from "../config/config.ts";
import type { Answer } from "../protocol/session-answer.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import type { SignedUrlKind } from "../signed/signed-url.ts";
import type { Applicant } from "./open-sessions.ts";
import type { SegmentHolder } from "./segment-calls.ts";
import { SEGMENT_SIZES, type SegmentSizes } from "./segment-sizes.ts";
import type { SessionBindings } from "./session-bindings.ts";
import type {
  Deed,
  DeedResult,
  ListFigures,
  ListPage,
  ListQuery,
  OperatorCalls,
  SessionDetails,
} from "./operator-calls.ts";
import type { DataSize, FragmentRange, Piece, ReplyPiece, SessionCalls } from "./session-calls.ts";
import { SessionHost } from "./session-host.ts";
import { workersWorld } from "./workers-world.ts";

/**
 * The Durable Object in which sessions live: one, or any number (`objectNameOf` in signed/session-place.ts says which).
 * It gives the runtime's storage and world to a `SessionHost`, and hands every call on. `SessionCalls` has the contract.
 */
export class UploadSession
  extends DurableObject<SessionBindings>
  implements SessionCalls, OperatorCalls, SegmentHolder
{
  readonly #host = new SessionHost(
    this.ctx.storage,
    workersWorld(
      this.ctx,
      this.env,
      () => this.config(),
      () => this.segmentSizes(),
    ),
  );

  /** Another app may bring its own configuration: override this, and give `bits` the same one. */
  protected config(): Config {
    return readConfig(this.env);
  }

  /** Tests have smaller ones. */
  protected segmentSizes(): SegmentSizes {
    return SEGMENT_SIZES;
  }

  announce(packet: SessionPacket): void {
    this.#host.announce(packet);
  }

  admit(applicant: Applicant): boolean {
    return this.#host.admit(applicant);
  }

  append(packet: SessionPacket, piece: Piece): Answer {
    return this.#host.append(packet, piece);
  }

  stage(packet: SessionPacket, fragment: string, piece: Omit<Piece, "first">): void {
    this.#host.stage(packet, fragment, piece);
  }

  adopt(packet: SessionPacket, fragment: string, range: FragmentRange): Answer {
    return this.#host.adopt(packet, fragment, range);
  }

  unstage(packet: SessionPacket, fragment: string): void {
    this.#host.unstage(packet, fragment);
  }

  offset(packet: SessionPacket): number | null {
    return this.#host.offset(packet);
  }

  async complete(packet: SessionPacket): Promise<Answer> {
    return await this.#host.complete(packet);
  }

  async close(packet: SessionPacket): Promise<Answer> {
    return await this.#host.close(packet);
  }

  async cancel(packet: SessionPacket): Promise<Answer> {
    return await this.#host.cancel(packet);
  }

  erase(packet: SessionPacket): void {
    this.#host.erase(packet);
  }

  measure(sessionId: SessionId, kind: SignedUrlKind): DataSize | null {
    return this.#host.measure(sessionId, kind);
  }

  read(sessionId: SessionId, kind: SignedUrlKind, start: number, end: number): ReadableStream<Uint8Array> {
    return this.#host.read(sessionId, kind, start, end);
  }

  appendReply(sessionId: SessionId, first: number, bytes: Uint8Array): ReplyPiece {
    return this.#host.appendReply(sessionId, first, bytes);
  }

  holdReserve(): void {
    this.#host.holdReserve();
  }

  async giveUpReserve(): Promise<void> {
    await this.#host.giveUpReserve();
  }

  find(query: ListQuery): ListPage {
    return this.#host.find(query);
  }

  figures(): ListFigures {
    return this.#host.figures();
  }

  describe(sessionId: SessionId): SessionDetails | null {
    return this.#host.describe(sessionId);
  }

  async act(sessionId: SessionId, deed: Deed, by: string): Promise<DeedResult> {
    return await this.#host.act(sessionId, deed, by);
  }

  holdsSegments(name: string): boolean {
    return this.#host.holdsSegments(name);
  }

  override async alarm(): Promise<void> {
    await this.#host.alarm();
  }
}
