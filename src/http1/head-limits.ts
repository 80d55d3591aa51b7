/** What one message may cost before it is understood. */
export interface HeadLimits {
  /** Request line and header section together; beyond it 431. */
  readonly maximumHeadBytes: number;
  /** Header fields of one head, and trailer fields of one body; beyond it 431 for a head, 400 for a trailer. */
  readonly maximumFields: number;
  /** The request target on the request line; beyond it 414. */
  readonly maximumTargetBytes: number;
}

/** Small: a BITS client sends some 1 KiB of head, a browser with its cookies some 8 KiB. */
export const DEFAULT_HEAD_LIMITS: HeadLimits = {
  maximumHeadBytes: 65_536,
  maximumFields: 100,
  maximumTargetBytes: 8_192,
};
