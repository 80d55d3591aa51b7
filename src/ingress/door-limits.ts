/** What one connection, and one client, may ask of the TCP door. Every field has a default; an operator overrides by name. */
export interface DoorLimits {
  /** From the first byte of a head to its last; then 408. Slow heads are how a client holds connections for nothing. */
  readonly headTimeoutSeconds: number;
  /** The longest silence inside a body. Counted per read, so a slow client that makes progress is never cut off. */
  readonly bodyIdleTimeoutSeconds: number;
  /** How long a connection may wait for its next request before it is closed without a word. */
  readonly keepAliveTimeoutSeconds: number;
  /** The longest a single write may wait for the client to take it. */
  readonly writeTimeoutSeconds: number;
  /** Request line and header section together; beyond it 431. */
  readonly maximumHeadBytes: number;
  /** Header fields of one head, and trailer fields of one body; beyond it 431 for a head, 400 for a trailer. */
  readonly maximumFields: number;
  /** The request target on the request line; beyond it 414. */
  readonly maximumTargetBytes: number;
  /** How much of a body that the app did not read is taken and thrown away, so that the client gets to read its answer. */
  readonly drainBytes: number;
  /** Open connections of one client address, per isolate; beyond it 503. */
  readonly connectionsPerClient: number;
  /**
   * Requests of one connection, after which it is closed. The runtime counts subrequests and CPU time per
   * connect() call, so a connection that lived for ever would run into them in the middle of an upload.
   */
  readonly requestsPerConnection: number;
}

/** Generous to Windows clients (fragments up to 13 MB, minutes between jobs), tight on heads. */
export const DEFAULT_DOOR_LIMITS: DoorLimits = {
  headTimeoutSeconds: 30,
  bodyIdleTimeoutSeconds: 60,
  keepAliveTimeoutSeconds: 120,
  writeTimeoutSeconds: 60,
  maximumHeadBytes: 65_536,
  maximumFields: 100,
  maximumTargetBytes: 8_192,
  drainBytes: 16 * 1024 * 1024,
  connectionsPerClient: 10_000,
  requestsPerConnection: 10_000,
};
