import fc from "fast-check";
import { bytesOf } from "./read-requests.ts";

/** A request that is sound, and its bytes. */
export interface SoundRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly bytes: Uint8Array;
}

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/);
const value = fc.stringMatching(/^(?:[!-~](?:[ -~\t]{0,30}[!-~])?)?$/);
const target = fc.stringMatching(/^\/[!"$-~]{0,40}$/);
const DECIDES_FRAMING = /^(?:host|content-length|transfer-encoding|connection|expect|upgrade|trailer)$/i;
const field = fc.tuple(
  token.filter((name) => !DECIDES_FRAMING.test(name)),
  value,
);
const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 6 });

/** Requests as a client writes them, with no body, a length, or chunks of any sizes. */
export const soundRequest: fc.Arbitrary<SoundRequest> = fc
  .record({
    method: fc.constantFrom("POST", "PUT", "PROPFIND", "PATCH"),
    target,
    before: fc.array(field, { maxLength: 5 }),
    after: fc.array(field, { maxLength: 5 }),
    space: fc.constantFrom("", " ", "\t", "  "),
    body: fc.option(fc.tuple(fc.constantFrom("length", "chunked"), chunks)),
  })
  .map(({ method, target: path, before, after, space, body }) => {
    const data = Buffer.concat(body?.[1] ?? []);
    const framing: [string, string][] = [];
    if (body?.[0] === "length") framing.push(["Content-Length", String(data.byteLength)]);
    if (body?.[0] === "chunked") framing.push(["Transfer-Encoding", "chunked"]);
    const fields: (readonly [string, string])[] = [...before, ["Host", "h:80"], ...framing, ...after];
    const lines = fields.map(([name, text]) => `${name}:${space}${text}${space}\r\n`);
    const head = `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
    const content =
      body?.[0] === "chunked" ? Buffer.concat([...body[1].map(formatChunk), bytesOf("0\r\n\r\n")]) : data;
    return { method, target: path, fields, body: data, bytes: Buffer.concat([bytesOf(head), content]) };
  });

function formatChunk(data: Uint8Array): Uint8Array {
  return Buffer.concat([bytesOf(`${data.byteLength.toString(16)}\r\n`), data, bytesOf("\r\n")]);
}

/** `usual` most of the time, so that an odd part has sound ones around it. */
function mostly<Part>(usual: Part, odd: readonly Part[]): fc.Arbitrary<Part> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(...odd) },
  );
}

const lead = mostly("", ["\r\n", "\r\n\r\n", " ", "\n", "\0"]);
const method = mostly("POST", ["GET", "PUT", "HEAD", "OPTIONS", "QUERY", "get", "BREW", "TRACE", "", "P{"]);
const ODD_TARGETS =
  '/a?b;*;//x;/\xe9;/a#b;http://t/x;http://;https://t:1/;http://a@t/;h:80;x;;/a b;/\x7f;/%;/\t;/"<>\\^`{|}';
const oddTarget = mostly("/", ODD_TARGETS.split(";"));
const version = mostly("HTTP/1.1", [
  "HTTP/1.0",
  "HTTP/2.0",
  "HTTP/1.2",
  "HTTP/0.9",
  "http/1.1",
  "HTTP/11",
  "",
]);
const space = mostly(" ", ["  ", "\t", ""]);
const lineEnd = mostly("\r\n", ["\n", "\r", "\r\r\n", "\r\n ", " \r\n", "\n\r\n"]);
const hostLine = mostly("Host: h\r\n", [
  "",
  "Host:\r\n",
  "Host: h\r\nHost: h\r\n",
  "Host: a b\r\n",
  "Host: a/b\r\n",
  "Host: [::1]\r\n",
]);
const name = fc.constantFrom(
  "X",
  "Content-Length",
  "content-length",
  "Transfer-Encoding",
  "Transfer-Encoding",
  "Connection",
  "Expect",
  "X-\xe9",
  "A B",
  "",
);
const fieldValue = fc.constantFrom(
  "5",
  "0",
  "5, 5",
  "+5",
  "-5",
  "0x5",
  "5 5",
  "00005",
  "99999999999999999999",
  "chunked",
  "Chunked",
  "gzip, chunked",
  "chunked, chunked",
  "identity",
  "xchunked",
  "close",
  "keep-alive",
  "",
  "a\tb",
  "\xe9",
  "\0",
  "\x0b5",
  "\x7f",
  "a\rb",
  "100-continue",
  "else",
);
const colon = mostly(": ", [":", ":\t", " :", ""]);
const tail = mostly("", [" ", "\t"]);
const oddLines = fc
  .array(fc.tuple(name, colon, fieldValue, tail, lineEnd), { maxLength: 2 })
  .map((lines) => lines.map((parts) => parts.join("")).join(""));
const oddBody = fc.constantFrom(
  "",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  "0\r\n\r\n",
  "3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n",
  "3;\x01\r\nabc\r\n0\r\n\r\n",
  "0x3\r\nabc",
  "5\nhello\r\n0\r\n\r\n",
  "5\rhello\r\n0\r\n\r\n",
  " 3\r\nabc\r\n0\r\n\r\n",
  "3 \r\nabc\r\n0\r\n\r\n",
  "3 ;x\r\nabc\r\n0\r\n\r\n",
  "3\r\nabcd\r\n0\r\n\r\n",
  "3\r\nabc\n0\r\n\r\n",
  "0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
  "00\r\n\r\n",
  "-3\r\nabc\r\n",
  "\r\n\r\n",
  "FFFFFFFFFFFFFFFFF\r\nabc",
  "0\r\nT : u\r\n\r\n",
  "0\r\nT\r\n\r\n",
  "0\r\n T: u\r\n\r\n",
  "0\n\n",
  "3;a\nb\r\nabc\r\n0\r\n\r\n",
);

/** Bytes that are a request in places: every part is drawn from what real and hostile clients wrote. */
export const oddRequest: fc.Arbitrary<Uint8Array> = fc
  .tuple(lead, method, space, oddTarget, space, version, lineEnd, hostLine, oddLines, lineEnd, oddBody)
  .map((parts) => bytesOf(parts.join("")));

/** Places to cut bytes at. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat(400), { maxLength: 12 });
