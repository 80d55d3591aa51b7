import type * as v from "valibot";
import { isInRanges } from "./address-ranges.ts";
import type { VARIABLES } from "./config-schema.ts";

/** The limits of the TCP door that an operator may set. @default a field that is not set keeps the door's own default */
export interface DoorSettings {
  readonly headTimeoutSeconds?: number;
  readonly bodyIdleTimeoutSeconds?: number;
  readonly keepAliveTimeoutSeconds?: number;
  readonly connectionsPerClient?: number;
  readonly requestsPerConnection?: number;
  readonly maximumConnections?: number;
  /** Whether a connection from this address begins with a header of the PROXY protocol: `PROXY_PROTOCOL`. */
  readonly isAnnounced?: (peer: string) => boolean;
}

/** @param variables as the schema has read them */
export function toDoor(variables: v.InferOutput<typeof VARIABLES>): DoorSettings {
  return withoutUndefined({
    headTimeoutSeconds: variables.HEAD_TIMEOUT_SECONDS,
    bodyIdleTimeoutSeconds: variables.BODY_IDLE_TIMEOUT_SECONDS,
    keepAliveTimeoutSeconds: variables.KEEP_ALIVE_TIMEOUT_SECONDS,
    connectionsPerClient: variables.CONNECTIONS_PER_CLIENT,
    requestsPerConnection: variables.REQUESTS_PER_CONNECTION,
    maximumConnections: variables.MAXIMUM_CONNECTIONS,
    isAnnounced: variables.PROXY_PROTOCOL
      ? (peer: string) => isInRanges(peer, variables.TRUSTED_PROXIES)
      : undefined,
  });
}

function withoutUndefined<T extends object>(value: T): { [key in keyof T]?: Exclude<T[key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [key in keyof T]?: Exclude<T[key], undefined>;
  };
}
