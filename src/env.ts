import type { UploadSession } from "./session/upload-session.ts";

/** The bindings of wrangler.toml as they arrive: nothing in here is believed before `readConfig`. */
export interface Env {
  readonly UPLOAD_SESSIONS: DurableObjectNamespace<UploadSession>;
  readonly ORIGIN_URL?: unknown;
  readonly UPLOAD_DIRECTORIES?: unknown;
  readonly MAXIMUM_FRAGMENT_BYTES?: unknown;
  readonly HEAD_TIMEOUT_SECONDS?: unknown;
  readonly BODY_IDLE_TIMEOUT_SECONDS?: unknown;
  readonly KEEP_ALIVE_TIMEOUT_SECONDS?: unknown;
  readonly CONNECTIONS_PER_CLIENT?: unknown;
  readonly SESSION_KEY?: unknown;
  readonly SESSION_KEY_PREVIOUS?: unknown;
  readonly ORIGIN_AUTHORIZATION?: unknown;
}
