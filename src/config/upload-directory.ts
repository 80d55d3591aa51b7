import type * as v from "valibot";
import type { DIRECTORY } from "./config-schema.ts";
import type { NamePolicy } from "../protocol/name-policy.ts";

/**
 * A virtual directory with BITS uploads enabled. docs/configuration.md has its settings, and IIS's names for them.
 *
 * @example
 * ```toml
 * [[vars.UPLOAD_DIRECTORIES]]
 * path = "/uploads/"
 * allow_overwrites = true
 * ```
 */
export interface UploadDirectory extends NamePolicy {
  /** Prefix of the paths that it serves, with a slash at both ends: `/uploads/`. Compared without case, as IIS does. */
  readonly path: string;
  /** @default true */
  readonly enabled: boolean;
  /**
   * How the application learns of an upload: "none", a PUT of the file; "by-value", a POST of it to
   * `notificationUrl`; "by-reference", a POST without a body that says where to GET it.
   *
   * @default "none"
   */
  readonly notification: "none" | "by-value" | "by-reference";
  /**
   * Absolute, or relative to the destination's folder; null for "none".
   *
   * @default null
   */
  readonly notificationUrl: string | null;
  /**
   * When the application gets an upload, and so which Ack carries its error (ruling 14, plain upload; ruling 15, upload-reply).
   *
   * @default "close-session", or "last-fragment" where `reply` is true
   */
  readonly commitOn: "close-session" | "last-fragment";
  /**
   * Whether the application answers with data for the client: an upload-reply (ruling 15, upload-reply).
   *
   * @default false
   */
  readonly reply: boolean;
  /**
   * Whether an upload may replace a file.
   *
   * @default false
   */
  readonly allowOverwrites: boolean;
  /**
   * Largest upload, in bytes; also the largest reply, which has 9,000,000,000 at most.
   *
   * @default 9_000_000_000
   */
  readonly maximumUploadBytes: number;
  /**
   * From the last accepted packet to the removal of everything, the tombstone too (ruling 23, session timeout).
   *
   * @default 1_209_600, two weeks
   */
  readonly sessionTimeoutSeconds: number;
  /**
   * Longest silence of the application, and longest wait of a Close-Session (ruling 16, statuses of the application).
   *
   * @default 270
   */
  readonly originTimeoutSeconds: number;
  /**
   * What to do if nobody knows whether a notified application took an upload (ruling 19, outcome unknown).
   *
   * @default "retry"
   */
  readonly unknownOutcome: "retry" | "hold";
  /**
   * How a finished upload goes to the origin: "request", in one PUT or POST; "bits", to the BITS server that the origin
   * has itself.
   *
   * @default "request"
   */
  readonly handover: "request" | "bits";
  /**
   * Largest Fragment for the origin's BITS server, bytes; IIS takes 30,000,000 unless told otherwise.
   *
   * @default 4_194_304
   */
  readonly originFragmentBytes: number;
  /**
   * Hosts that the origin's BITS server may send the edge to by BITS-Host-Id.
   *
   * @default none
   */
  readonly originHosts: readonly string[];
  /**
   * The host that a client is to send the session's later packets to ([MC-BUP] 2.2.3.2); null for this one.
   *
   * @default null
   */
  readonly hostId: string | null;
  /**
   * When a client may go back to the first host; 0 for never.
   *
   * @default 86_400
   */
  readonly hostIdFallbackTimeoutSeconds: number;
  /**
   * Open sessions of one client address; null for any number.
   *
   * @default null
   */
  readonly maximumSessionsPerClient: number | null;
  /**
   * Who may create a session: "none", every client that reaches the edge; "origin", the clients that the origin admits.
   *
   * @default "none"
   */
  readonly authorize: "none" | "origin";
  /**
   * The URL that `authorize: "origin"` asks in place of the destination; absolute, or relative to the destination's folder.
   *
   * @default null
   */
  readonly authorizeUrl: string | null;
  /**
   * CIDR ranges of clients that may create sessions; null for all.
   *
   * @default null
   */
  readonly allowFrom: readonly string[] | null;
}

/** One day, IIS's BITSHostIdFallbackTimeout. */
const HOST_ID_FALLBACK_TIMEOUT_SECONDS = 86_400;

/** wrangler.toml's spelling → ours. */
export function toDirectory(settings: v.InferOutput<typeof DIRECTORY>): UploadDirectory {
  return {
    path: settings.path,
    enabled: settings.enabled,
    notification: settings.notification,
    notificationUrl: settings.notification_url ?? null,
    commitOn: settings.reply ? "last-fragment" : (settings.commit_on ?? "close-session"),
    reply: settings.reply,
    allowOverwrites: settings.allow_overwrites,
    maximumUploadBytes: settings.maximum_upload_bytes,
    sessionTimeoutSeconds: settings.session_timeout_seconds,
    originTimeoutSeconds: settings.origin_timeout_seconds,
    unknownOutcome: settings.unknown_outcome,
    handover: settings.handover,
    originFragmentBytes: settings.origin_fragment_bytes,
    originHosts: settings.origin_hosts,
    hostId: settings.host_id ?? null,
    hostIdFallbackTimeoutSeconds:
      settings.host_id_fallback_timeout_seconds ?? HOST_ID_FALLBACK_TIMEOUT_SECONDS,
    maximumSessionsPerClient: settings.maximum_sessions_per_client ?? null,
    authorize: settings.authorize,
    authorizeUrl: settings.authorize_url ?? null,
    allowFrom: settings.allow_from ?? null,
    denyExtensions: settings.deny_extensions,
    allowExtensions: settings.allow_extensions ?? null,
    denySegments: settings.deny_segments,
  };
}
