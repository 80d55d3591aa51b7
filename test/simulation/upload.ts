import type { UploadDirectory } from "../../src/config/config.ts";
import type { CommitOutcome } from "../../src/protocol/reflect.ts";
import type { SessionId } from "../../src/protocol/session-id.ts";

/** One session, as everybody but the edge knows it: the truth that the laws compare with. */
export interface Upload {
  readonly id: SessionId;
  readonly client: string;
  readonly directory: UploadDirectory;
  readonly bytes: Buffer;
  /** SHA-256, base64. */
  readonly digest: string;
  readonly issuedAt: number;
  /** The application wants the file at its destination as well. */
  readonly isToBeCopied: boolean;
  /** The client announced another digest than its bytes have. */
  readonly isDigestWrong: boolean;
  readonly attempts: Attempt[];
  /** The greatest offset that an Ack said. */
  acked: number;
  /** When anything of it was stored last, as far as was seen on the disk; the issue of the id at first. */
  storedAt: number;
  /** An Ack to Close-Session said 200. */
  isClosed: boolean;
  /** Cancel-Session was sent; an Ack said 200 to it. */
  mayBeCancelled: boolean;
  isCancelled: boolean;
  /** It could not be cancelled, twice, and was erased: no tombstone says that it is over. */
  isErased: boolean;
  /** Close-Session was sent before the last byte was acknowledged. */
  mayBeDiscarded: boolean;
  /** How often the application behind the origin's BITS server heard of it. */
  told: number;
  /** The origin's BITS server has closed its session, and the file is at its destination. */
  isPublished: boolean;
  /** The origin's BITS server has forgotten a session that was whole, or one of which its application had heard. */
  forgotten: "whole" | "told" | null;
  /** A hand was in the database. */
  isDamaged: boolean;
}

/** One request to the application. */
export interface Attempt {
  readonly upload: Upload;
  readonly key: string;
  readonly purpose: "notify" | "put";
  /** The instance of the object that made it. */
  readonly life: { readonly isOver: boolean };
  readonly number: number;
  readonly url: string;
  /** The application has the upload by it. */
  isTaken: boolean;
  /** The application knew the upload, and did nothing. */
  isRemembered: boolean;
  /** What the edge saw of it; null while it runs, and where nobody saw its end. */
  outcome: CommitOutcome | null;
}
