import type { Verb } from "../bits-client/packet-head.ts";
import type { Ending } from "../terminal/cli-error.ts";

/** What happens to one file; `--json` writes these as they are, one a line. Offsets and sizes in bytes. */
export type UploadEvent =
  /** `offset` is more than 0 where an earlier run had come so far. */
  | { readonly event: "started"; readonly bytes: number; readonly offset: number }
  | { readonly event: "session"; readonly session: string }
  /** How far it is: what has left this machine, and what the server has. */
  | { readonly event: "progress"; readonly sent: number; readonly stored: number }
  | { readonly event: "waiting"; readonly seconds: number; readonly because: string }
  | { readonly event: "reply"; readonly path: string; readonly bytes: number }
  | ({ readonly event: "uploaded" } & UploadReport)
  | { readonly event: "cancelled" }
  | { readonly event: "failed"; readonly ending: Ending; readonly because: string };

/** How an upload went that reached its end. */
export interface UploadReport {
  readonly bytes: number;
  /** Of the file, what was sent twice counted twice, in this run. */
  readonly sentBytes: number;
  readonly seconds: number;
  readonly fragments: number;
  readonly sessions: number;
  readonly verb: Verb;
}
