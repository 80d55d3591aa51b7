import { REFUSALS, type Refusal } from "./refusals.ts";
import { COLON, HTAB, isTokenByte, SP } from "./wire-bytes.ts";

/** A request line's parts as offsets into the bytes that hold it. */
export interface RequestLine {
  readonly methodEnd: number;
  readonly targetStart: number;
  readonly targetEnd: number;
  /** "other" is for the caller to refuse, once it knows that the rest of the line is sound. */
  readonly version: "1.1" | "1.0" | "other";
}

/** A field line's parts as offsets; the value is without the whitespace around it. */
export interface FieldLine {
  readonly start: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const HTTP_1_1 = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e, 0x31] as const;
const DIGIT_PLACES = [5, 7] as const;
const MINOR_PLACE = 7;

/**
 * request-line = method SP request-target SP HTTP-version (RFC 9112 section 3), between `start` and `end`, the
 * CRLF not included. Single spaces, as the grammar has it; section 3's permission to be lenient is not used.
 */
export function parseRequestLine(bytes: Uint8Array, start: number, end: number): RequestLine | Refusal {
  let methodEnd = start;
  while (methodEnd < end && isTokenByte(bytes[methodEnd] ?? 0)) methodEnd++;
  if (methodEnd === start || bytes[methodEnd] !== SP) return REFUSALS.requestLine;

  const targetStart = methodEnd + 1;
  const targetEnd = bytes.indexOf(SP, targetStart);
  if (targetEnd === -1 || targetEnd >= end || targetEnd === targetStart) return REFUSALS.requestLine;

  const versionStart = targetEnd + 1;
  if (end - versionStart !== HTTP_1_1.length) return REFUSALS.requestLine;
  let version: RequestLine["version"] = "1.1";
  for (const [place, expected] of HTTP_1_1.entries()) {
    const byte = bytes[versionStart + place] ?? 0;
    if (byte === expected) continue;
    const isOtherDigit = DIGIT_PLACES.includes(place as 5 | 7) && byte >= 0x30 && byte <= 0x39;
    if (!isOtherDigit) return REFUSALS.requestLine;
    version = place === MINOR_PLACE && version === "1.1" && byte === 0x30 ? "1.0" : "other";
  }
  return { methodEnd, targetStart, targetEnd, version };
}

/**
 * field-line = field-name ":" OWS field-value OWS (RFC 9112 section 5), between `start` and `end`. Control bytes
 * were refused before the line was whole, so a value needs no further check.
 */
export function parseFieldLine(bytes: Uint8Array, start: number, end: number): FieldLine | Refusal {
  const first = bytes[start];
  // Section 5.2 for folded lines, section 2.2 for whitespace before the first field.
  if (first === SP || first === HTAB) return REFUSALS.folding;

  let nameEnd = start;
  while (nameEnd < end && isTokenByte(bytes[nameEnd] ?? 0)) nameEnd++;
  // Section 5.1: no whitespace between name and colon; attackers used it to hide a field from one of two readers.
  if (nameEnd === start || nameEnd === end || bytes[nameEnd] !== COLON) return REFUSALS.fieldName;

  let valueStart = nameEnd + 1;
  let valueEnd = end;
  while (valueStart < valueEnd && isOptionalWhitespace(bytes[valueStart])) valueStart++;
  while (valueEnd > valueStart && isOptionalWhitespace(bytes[valueEnd - 1])) valueEnd--;
  return { start, nameEnd, valueStart, valueEnd };
}

function isOptionalWhitespace(byte: number | undefined): boolean {
  return byte === SP || byte === HTAB;
}
