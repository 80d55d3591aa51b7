/**
 * A refusal. Every fault chooses its status by what a client does next (`reactionTo`): Windows comes again after 5xx
 * except 501 and 505, gives up after 4xx except 408 and 409, starts over after 0x8020001F, and sends smaller Fragments
 * after 413 ([MC-BUP] 3.1.5.2.1; Win32 "Handling Server Application Errors").
 */
export interface Fault {
  readonly fault: string;
  /** HTTP status of the Ack. */
  readonly status: number;
  /** BITS-Error and BITS-Error-Code; null if the status alone says it ([MC-BUP] 6, note 4). */
  readonly hresult: number | null;
  /** BITS-Error-Context: 0x5: the edge found it; 0x7: it came from the server application. */
  readonly context: 0x5 | 0x7;
}

const E_ACCESSDENIED = 0x80070005;
const E_INVALIDARG = 0x80070057;
const ERROR_DISK_FULL = 0x80070070;
/** The session is not known: a client starts over with Create-Session ([MC-BUP] 3.1.5.2.1). */
export const BG_E_SESSION_NOT_FOUND = 0x8020001f;
const BG_E_TOO_LARGE = 0x80200020;
const BG_E_HTTP_ERROR_500 = 0x801901f4;
const BG_E_HTTP_ERROR_503 = 0x801901f7;

// prettier-ignore
const ROWS = {
  // name                   status  HRESULT                 source
  headerTooLong:            [400,   E_INVALIDARG         ], // [MC-BUP] 2.2.1.2, 6 note 2; ruling 8, malformed heads
  unknownPacketType:        [400,   E_INVALIDARG         ], // [MC-BUP] 2.2.1.2; ruling 8, malformed heads
  contentLengthMissing:     [400,   E_INVALIDARG         ], // [MC-BUP] 3.2.5.2.3, 6 note 23; ruling 7, Content-Length
  bodyNotAllowed:           [400,   E_INVALIDARG         ], // [MC-BUP] 3.2.5.2.3; ruling 7, Content-Length
  contentRangeInvalid:      [400,   E_INVALIDARG         ], // [MC-BUP] 2.2.1.2, 3.2.5.2.6; ruling 8, malformed heads
  contentRangeMismatch:     [400,   E_INVALIDARG         ], // [MC-BUP] 2.2.1.2; ruling 8, malformed heads
  totalChanged:             [400,   E_INVALIDARG         ], // [MC-BUP] 2.2.1.2; ruling 8, malformed heads
  contentEncodingUnknown:   [400,   E_INVALIDARG         ], // [MC-BUP] 6 note 12
  sessionIdMissing:         [400,   E_INVALIDARG         ], // [MC-BUP] 3.2.5.2.3
  protocolsMissing:         [400,   E_INVALIDARG         ], // [MC-BUP] 2.2.2.2, 3.2.5.2.3
  noCommonProtocol:         [400,   E_INVALIDARG         ], // [MC-BUP] 2.2.1.2, 3.2.5.2.4
  destinationIsDirectory:   [400,   E_INVALIDARG         ], // [MC-BUP] 2.2.1.2
  destinationMalformed:     [400,   E_INVALIDARG         ], // [MC-BUP] 3.2.5.2.3; an encoded slash, say
  closedTooEarly:           [400,   E_INVALIDARG         ], // Win32 "Close-Session"; ruling 20, Close-Session before the last byte
  digestMismatch:           [400,   E_INVALIDARG         ], // ours: RFC 9530, what came is not what was sent
  accessDenied:             [403,   E_ACCESSDENIED       ], // [MC-BUP] 2.2.1.2, 3.2.5.2.3; ruling 13, not enabled, exists, no right
  destinationExists:        [403,   E_ACCESSDENIED       ], // [MC-BUP] 2.2.1.2; ruling 13, not enabled, exists, no right
  fragmentTooLarge:         [413,   null                 ], // [MC-BUP] 3.1.5.2.4; ruling 10, limits of size
  offsetGap:                [416,   null                 ], // [MC-BUP] 3.2.5.2.6; ruling 9, overlap is trimmed
  sessionUnknown:           [500,   BG_E_SESSION_NOT_FOUND], // [MC-BUP] 3.2.5.2.3
  uploadTooLarge:           [500,   BG_E_TOO_LARGE       ], // [MC-BUP] 2.2.1.2, 3.1.5.2.1; ruling 10, limits of size
  storageFull:              [500,   ERROR_DISK_FULL      ], // [MC-BUP] 2.2.1.2 (as the HRESULT of Win32 error 112)
  misconfigured:            [500,   BG_E_HTTP_ERROR_500  ], // ours: the log has the sentence
  tooManySessions:          [503,   BG_E_HTTP_ERROR_503  ], // ours: one of the client's sessions may end meanwhile
  uploadsNotEnabled:        [501,   E_ACCESSDENIED       ], // [MC-BUP] 2.2.1.2, 6 note 22; ruling 13, not enabled, exists, no right
  edgeFailed:               [503,   BG_E_HTTP_ERROR_503  ], // ours: a bug or a broken object; retryable
} as const;

/** Name of a refusal of the edge itself. */
export type FaultName = keyof typeof ROWS;

/** The refusals of the edge itself, all of context 0x5. `reflect` makes those of the application. */
export const FAULTS = Object.fromEntries(
  Object.entries(ROWS).map(([fault, [status, hresult]]) => [fault, { fault, status, hresult, context: 0x5 }]),
) as { readonly [name in FaultName]: Fault & { readonly fault: name } };

/** Tells a refusal from the other values that functions of this folder return. */
export function isFault(value: object): value is Fault {
  return "fault" in value;
}
