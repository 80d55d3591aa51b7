import { REFUSALS, type Refusal } from "./refusals.ts";

/** One header field as it was written: name, value. */
export type Field = readonly [name: string, value: string];

/** How a body ends, RFC 9112 section 6.3. A request without either field has none; no request's body ends with the connection. */
export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" };

/** What the header section says about the message itself. */
export interface Framing {
  readonly host: string;
  readonly body: BodyFraming;
  /** The client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;
  /** The client keeps the connection open for another request (RFC 9112 section 9.3). */
  readonly keepAlive: boolean;
}

const FRAMING_NAMES = ["host", "content-length", "transfer-encoding", "connection", "expect"] as const;
type FramingName = (typeof FRAMING_NAMES)[number];
/** Most names are told apart by their length alone, so only candidates are lower-cased. */
const BY_LENGTH: ReadonlyMap<number, FramingName> = new Map(FRAMING_NAMES.map((name) => [name.length, name]));

/** Which of the fields that decide framing `name` is, in any case; null for all others. */
export function framingNameOf(name: string): FramingName | null {
  const candidate = BY_LENGTH.get(name.length);
  return candidate !== undefined && name.toLowerCase() === candidate ? candidate : null;
}

/** Reads the fields that decide where the message ends and whether another may follow; refuses every ambiguity. */
export function parseFraming(method: string, fields: readonly Field[]): Framing | Refusal {
  const values: Record<FramingName, string[]> = {
    host: [],
    "content-length": [],
    "transfer-encoding": [],
    connection: [],
    expect: [],
  };
  for (const [name, value] of fields) {
    const known = framingNameOf(name);
    if (known !== null) values[known].push(value);
  }

  const [host, ...otherHosts] = values.host;
  if (host === undefined || otherHosts.length > 0) return REFUSALS.hostCount;

  const body = parseBodyFraming(values["content-length"], values["transfer-encoding"]);
  if (!("kind" in body)) return body;
  const hasContent = body.kind === "chunked" || (body.kind === "length" && body.bytes > 0);
  if (hasContent && (method === "GET" || method === "HEAD")) return REFUSALS.contentForbidden;

  if (values.expect.some((value) => value.toLowerCase() !== "100-continue")) return REFUSALS.expectation;
  return {
    host,
    body,
    expectsContinue: values.expect.length > 0 && hasContent,
    keepAlive: !values.connection.some(saysClose),
  };
}

function parseBodyFraming(lengths: readonly string[], codings: readonly string[]): BodyFraming | Refusal {
  const [length] = lengths;
  const [coding] = codings;
  if (coding !== undefined) {
    if (length !== undefined) return REFUSALS.lengthAndCoding;
    return codings.length === 1 && coding.toLowerCase() === "chunked" ? { kind: "chunked" } : REFUSALS.coding;
  }
  if (length === undefined) return { kind: "none" };
  // Section 6.3 lets a server fold equal lengths into one. Two readers may fold differently, so the edge refuses them.
  if (lengths.length > 1 || length.includes(",")) return REFUSALS.lengthCount;
  if (!/^[0-9]{1,16}$/.test(length)) return REFUSALS.length;
  const bytes = Number(length);
  return Number.isSafeInteger(bytes) ? { kind: "length", bytes } : REFUSALS.length;
}

function saysClose(value: string): boolean {
  return value.split(",").some((option) => option.trim().toLowerCase() === "close");
}
