import type { SessionBindings } from "./session/session-bindings.ts";
import type { UploadSession } from "./session/upload-session.ts";

/**
 * The bindings of wrangler.toml as they arrive: nothing in here is believed before `readConfig`, which has the defaults
 * (see `Config`). docs/configuration.md lists them.
 *
 * @example
 * ```ts
 * const app = new Hono<{ Bindings: Env }>();
 * ```
 */
export interface Env extends SessionBindings {
  readonly UPLOAD_SESSIONS: DurableObjectNamespace<UploadSession>;
  /**
   * How many sessions a client address may create in a minute.
   *
   * @default any number
   */
  readonly CREATE_SESSION_LIMIT?: RateLimit;
  /**
   * Leads to the origin: a VPC service or network, a service, a client certificate.
   *
   * @default the public network
   */
  readonly ORIGIN?: Fetcher;
  /**
   * Says how many descriptors and how much disk the machine has: `npm run serve` binds it.
   *
   * @default the metrics do without
   */
  readonly MACHINE?: Fetcher;
  readonly ORIGIN_URL?: unknown;
  readonly ORIGIN_CONNECTION?: unknown;
  readonly UPLOAD_DIRECTORIES?: unknown;
  readonly HEALTH_PATH?: unknown;
  readonly PUBLIC_URL?: unknown;
  readonly TRUSTED_PROXIES?: unknown;
  readonly PROXY_PROTOCOL?: unknown;
  readonly SESSION_OBJECTS?: unknown;
  readonly SESSION_JURISDICTION?: unknown;
  readonly SESSION_LOCATION_HINT?: unknown;
  readonly MAXIMUM_FRAGMENT_BYTES?: unknown;
  readonly HEAD_TIMEOUT_SECONDS?: unknown;
  readonly BODY_IDLE_TIMEOUT_SECONDS?: unknown;
  readonly ANSWER_IDLE_TIMEOUT_SECONDS?: unknown;
  readonly KEEP_ALIVE_TIMEOUT_SECONDS?: unknown;
  readonly CONNECTIONS_PER_CLIENT?: unknown;
  readonly REQUESTS_PER_CONNECTION?: unknown;
  readonly MAXIMUM_CONNECTIONS?: unknown;
  readonly CLUSTER_READY_URL?: unknown;
  readonly CONTROL_KEY?: unknown;
  readonly SESSION_KEY?: unknown;
  readonly SESSION_KEY_PREVIOUS?: unknown;
  readonly ORIGIN_AUTHORIZATION?: unknown;
  readonly OPERATOR_PATH?: unknown;
  readonly OPERATOR_TOKEN?: unknown;
  readonly OPERATOR_READ_TOKEN?: unknown;
  readonly ACCESS_TEAM_DOMAIN?: unknown;
  readonly ACCESS_AUD?: unknown;
}
