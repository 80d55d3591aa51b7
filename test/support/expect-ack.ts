import { expect } from "vitest";
import { type Ack, UPLOAD_PROTOCOL } from "./bits-client.ts";

/** An Ack, in full: what is not named here must not be in it. */
export interface ExpectedAck {
  /** Default 200. */
  status?: number;
  /** Value of both error headers. */
  code?: string;
  /** BITS-Error-Context. */
  context?: string;
  sessionId?: unknown;
  /** BITS-Received-Content-Range. */
  offset?: number;
  /** The two headers of a new session's Ack. */
  created?: true;
  /** Whether the edge says that it ends the connection; "either" where the runtime decides. */
  closes?: boolean | "either";
}

/** Ids as IIS writes them, ruling 3. */
export const ISSUED_ID = /^\{[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}\}$/;

export const CREATED = { created: true, sessionId: expect.stringMatching(ISSUED_ID) } as const;

// Refusals of the edge itself, [MC-BUP] 2.2.1.2.
export const INVALID = { status: 400, code: "0x80070057", context: "0x5" } as const;
export const FORBIDDEN = { status: 403, code: "0x80070005", context: "0x5" } as const;
export const NOT_ENABLED = { status: 501, code: "0x80070005", context: "0x5" } as const;
export const SESSION_UNKNOWN = { status: 500, code: "0x8020001F", context: "0x5" } as const;
export const TOO_LARGE = { status: 500, code: "0x80200020", context: "0x5" } as const;
// The status says it all, [MC-BUP] 6, note 4.
export const GAP = { status: 416 } as const;
export const SEND_LESS = { status: 413 } as const;

/** The application's error as the client sees it; the code is BG_E_HTTP_ERROR_nnn unless it sent its own. */
export function ofApplication(status: number, code: string | number = status): ExpectedAck {
  const text = typeof code === "string" ? code : `0x${(0x80190000 + code).toString(16).toUpperCase()}`;
  return { status, code: text, context: "0x7" };
}

/**
 * Fails unless the Ack is exactly this one: every header counts, so that one too many is seen as well as one
 * too few (rulings 1 to 5). Left out are Date, and the framing of the connection where nothing is said of it.
 */
export function expectAck(ack: Ack, expected: ExpectedAck): Ack {
  const { response } = ack;
  const headers: Record<string, string[]> = {};
  for (const [name, value] of response.headers) (headers[name.toLowerCase()] ??= []).push(value);
  const { date: _, connection = [], ...fields } = headers;
  const wanted: Record<string, unknown[]> = {
    "bits-packet-type": ["Ack"],
    pragma: ["no-cache"],
    "content-length": ["0"],
  };
  if (expected.sessionId !== undefined) wanted["bits-session-id"] = [expected.sessionId];
  if (expected.offset !== undefined) wanted["bits-received-content-range"] = [String(expected.offset)];
  if (expected.created) {
    wanted["bits-protocol"] = [UPLOAD_PROTOCOL];
    wanted["accept-encoding"] = ["identity"];
  }
  if (expected.code !== undefined) {
    wanted["bits-error-code"] = [expected.code];
    wanted["bits-error"] = [expected.code];
    wanted["bits-error-context"] = [expected.context];
  }
  const closes = connection.some((value) => /close/i.test(value));
  expect({ status: ack.status, ...fields, body: response.body.toString("latin1"), closes }).toEqual({
    status: expected.status ?? 200,
    ...wanted,
    body: "",
    closes: expected.closes === "either" ? closes : (expected.closes ?? false),
  });
  return ack;
}
