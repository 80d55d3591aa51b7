import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "../http1/head-limits.ts";

/** What one connection, and one client, may ask of the TCP door. Every field has a default; an operator overrides by name. */
export interface DoorLimits extends HeadLimits {
  /**
   * From the first byte of a head to its last; then 408. A client that sends its heads slowly holds connections for
   * nothing.
   */
  readonly headTimeoutSeconds: number;
  /** The longest silence inside a body. Counted per read, so a slow client that makes progress is never cut off. */
  readonly bodyIdleTimeoutSeconds: number;
  /** How long a connection may wait for its next request before it is closed without a word. */
  readonly keepAliveTimeoutSeconds: number;
  /** The longest a single write may wait for the client to take it. */
  readonly writeTimeoutSeconds: number;
  /**
   * If the app did not read a body, the door takes and drops so much of it, so that the client gets to read its answer.
   */
  readonly drainBytes: number;
  /** Open connections of one client address, per isolate; beyond it 503. */
  readonly connectionsPerClient: number;
  /**
   * Requests of one connection; then the door closes it. The runtime limits subrequests and CPU time for each connect()
   * call, so a connection without an end would reach these limits in the middle of an upload.
   */
  readonly requestsPerConnection: number;
  /**
   * Open connections of all clients together, per isolate; beyond it 503. An operator's own workerd ends itself when
   * accept() finds no descriptor, so the door has to be full before the system is.
   */
  readonly maximumConnections: number;
  /**
   * Whether connections from this address, an IP address without its port, begin with a header of the PROXY protocol, which
   * names their client. The door believes such a header: name nobody but your own proxies.
   */
  readonly isAnnounced: (peer: string) => boolean;
  /** How long a PROXY header may take; then the connection is closed. "At least 3 seconds to cover a TCP retransmit." */
  readonly proxyHeaderTimeoutSeconds: number;
}

/** Generous to Windows clients (fragments up to 13 MB, minutes between jobs), tight on heads. */
export const DEFAULT_DOOR_LIMITS: DoorLimits = {
  headTimeoutSeconds: 30,
  bodyIdleTimeoutSeconds: 60,
  keepAliveTimeoutSeconds: 120,
  writeTimeoutSeconds: 60,
  ...DEFAULT_HEAD_LIMITS,
  drainBytes: 16 * 1024 * 1024,
  connectionsPerClient: 10_000,
  requestsPerConnection: 10_000,
  maximumConnections: Number.POSITIVE_INFINITY,
  isAnnounced: () => false,
  proxyHeaderTimeoutSeconds: 5,
};
