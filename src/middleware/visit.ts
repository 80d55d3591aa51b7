import type { Config, UploadDirectory } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { Arrival } from "../ingress/arrival.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { Answer } from "../protocol/session-answer.ts";
import type { Sender } from "../proxy/sender.ts";

/** An answer, what only Create-Session's Ack says, and whether anybody is there to hear it. */
export interface Reply extends Answer {
  readonly created?: SessionId;
  readonly host?: { readonly id: string; readonly fallbackTimeoutSeconds: number } | null;
  readonly challenges?: readonly string[];
  /** Set where the client left inside its Fragment: there is nobody to read this. */
  readonly isAbandoned?: true;
}

/** The objects that packets reach. */
export type Bindings = Pick<Env, "UPLOAD_SESSIONS" | "SESSION_COUNTERS" | "CREATE_SESSION_LIMIT">;

/** A packet's surroundings: where it came from, where it goes, and whose rules hold there. */
export interface Visit {
  readonly request: Request;
  readonly arrival: Arrival;
  readonly sender: Sender;
  readonly config: Config;
  readonly directory: UploadDirectory;
  /** Path and query of the destination URL, as the client wrote them. */
  readonly destination: string;
  readonly bindings: Bindings;
}
