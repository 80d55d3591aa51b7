/**
 * The state table of an upload session, written down a second time and as plainly as can be: what a client is
 * told, and what the origin has. It knows nothing of the edge's code; rulings 9 to 22 are its source.
 */

/** When an upload goes to the origin, and how. */
export interface DirectoryKind {
  readonly path: string;
  readonly by: "PUT" | "POST";
  readonly on: "Close-Session" | "last Fragment";
  readonly replies: boolean;
}

/** What the origin does with a PUT or POST. "lost" stores it and hangs up. */
export type OriginMood = "accepts" | "full" | "forbids" | "hangs up" | "lost";

/** What an Ack says. */
export interface Said {
  status: number;
  code?: string;
  context?: string;
  /** BITS-Received-Content-Range. */
  offset?: number;
  /** Whether there is a BITS-Reply-URL. */
  reply?: true;
}

type State =
  "receiving" | "complete" | "failed" | "refused" | "delivered" | "committed" | "discarded" | "cancelled";

const INVALID: Said = { status: 400, code: "0x80070057", context: "0x5" };
const FORBIDDEN: Said = { status: 403, code: "0x80070005", context: "0x5" };
const UNKNOWN: Said = { status: 500, code: "0x8020001F", context: "0x5" };
const FULL: Said = { status: 507, code: "0x801901FB", context: "0x7" };
const FORBIDDEN_BY_APPLICATION: Said = { status: 403, code: "0x80190193", context: "0x7" };
const LOST: Said = { status: 502, code: "0x80072EFE", context: "0x7" };

/** One destination, its origin, and the sessions that clients have for it. */
export class Model {
  readonly directory: DirectoryKind;
  readonly sessions: SessionModel[] = [];
  mood: OriginMood = "accepts";
  /** Which session's bytes are at the destination; null for nobody's. */
  published: SessionModel | null = null;

  constructor(directory: DirectoryKind) {
    this.directory = directory;
  }

  create(size: number): Said {
    if (this.directory.by === "PUT" && this.published !== null) return FORBIDDEN;
    this.sessions.push(new SessionModel(this, size));
    return { status: 200 };
  }
}

export class SessionModel {
  /** Of the file that the client means to upload. */
  readonly size: number;
  state: State = "receiving";
  offset = 0;
  /** What the first Fragment said. */
  total: number | null = null;
  hasOfferedReply = false;
  /** Requests that brought this upload to the origin. */
  attempts = 0;
  readonly #model: Model;
  /** The last attempt's answer to the client. */
  #fault: Said = LOST;
  /** An attempt ended, and nobody knows what the origin did. */
  #isUnknown = false;

  constructor(model: Model, size: number) {
    this.#model = model;
    this.size = size;
  }

  fragment(first: number, length: number, total: number): Said {
    switch (this.state) {
      case "discarded":
      case "cancelled":
        return UNKNOWN;
      case "receiving": {
        const offset = this.offset;
        if (this.total !== null && total !== this.total) return { ...INVALID, offset };
        if (first > offset) return { status: 416, offset };
        this.total = total;
        this.offset = Math.max(offset, first + length);
        if (this.offset < total) return { status: 200, offset: this.offset };
        this.state = "complete";
        return this.#complete();
      }
      case "committed":
        return total === this.total ? { status: 200, offset: this.offset } : UNKNOWN;
      default:
        return total === this.total ? this.#complete() : { ...INVALID, offset: this.offset };
    }
  }

  close(): Said {
    switch (this.state) {
      case "receiving":
        this.state = "discarded";
        return INVALID;
      case "discarded":
        return INVALID;
      case "cancelled":
        return UNKNOWN;
      case "delivered":
        this.state = "committed";
        return { status: 200 };
      case "committed":
        return { status: 200 };
      case "refused":
        return this.#fault;
      default: {
        const said = this.#commit();
        if (said.status === 200) this.state = "committed";
        return said;
      }
    }
  }

  cancel(): Said {
    if (this.state !== "committed" && this.state !== "discarded") this.state = "cancelled";
    return { status: 200 };
  }

  /** Close-Session in the middle of which the edge dies, before the origin has said or done anything. */
  closeAndDie(): void {
    this.attempts += 1;
    this.state = "failed";
    this.#fault = LOST;
    this.#isUnknown = true;
  }

  /** Whether Close-Session, or the last Fragment, would hand it to the origin now. */
  get isDue(): boolean {
    return this.state === "complete" || this.state === "failed";
  }

  /** The Fragment that leaves nothing missing. */
  #complete(): Said {
    const { offset } = this;
    const { on, replies } = this.#model.directory;
    if (on === "Close-Session") return { status: 200, offset };
    if (this.state === "refused") return { ...this.#fault, offset };
    if (this.isDue) {
      const said = this.#commit();
      if (said.status !== 200) return { ...said, offset };
      this.state = replies ? "delivered" : "committed";
    }
    if (this.state !== "delivered") return { status: 200, offset };
    this.hasOfferedReply = true;
    return { status: 200, offset, reply: true };
  }

  #commit(): Said {
    this.attempts += 1;
    const said = this.#ask();
    this.#fault = said;
    if (said.status === 200) this.#isUnknown = false;
    else this.state = said.status === 403 ? "refused" : "failed";
    return said;
  }

  /** What the origin does, and what the client is told of it. */
  #ask(): Said {
    const model = this.#model;
    switch (model.mood) {
      case "full":
        return FULL;
      case "forbids":
        return FORBIDDEN_BY_APPLICATION;
      case "hangs up":
        this.#isUnknown = true;
        return LOST;
      case "lost":
      case "accepts": {
        // If-None-Match, which no POST has: a file that is there stays, unless it is this very upload (ruling 19).
        const isTaken = model.directory.by === "PUT" && model.published !== null;
        if (isTaken) return model.published === this && this.#isUnknown ? { status: 200 } : FORBIDDEN;
        model.published = this;
        if (model.mood === "accepts") return { status: 200 };
        this.#isUnknown = true;
        return LOST;
      }
    }
  }
}
