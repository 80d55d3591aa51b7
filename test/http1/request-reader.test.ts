import { describe, expect, test } from "vitest";
import { REFUSALS } from "../../src/http1/refusals.ts";
import { bytesOf, readRequests } from "../ingress/support/read-requests.ts";

/** The bytes of a connection, and what comes of it: a refusal, or each request as "METHOD url body". */
type Case = readonly [name: string, bytes: string, expected: keyof typeof REFUSALS | readonly string[]];

const HOST = "Host: h\r\n";
const post = (fields: string, rest = ""): string => `POST /p HTTP/1.1\r\n${HOST}${fields}\r\n${rest}`;
const chunked = (rest: string): string => post("Transfer-Encoding: chunked\r\n", rest);
const NEXT = `GET /next HTTP/1.1\r\n${HOST}\r\n`;
const NEXT_READ = "GET http://h/next ";

const requestLine: readonly Case[] = [
  ["origin-form", `GET /a?b=c HTTP/1.1\r\n${HOST}\r\n`, ["GET http://h/a?b=c "]],
  ["BITS_POST", `BITS_POST /u HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`, ["BITS_POST http://h/u "]],
  ["one empty line before it (RFC 9112 2.2)", `\r\n${NEXT}`, [NEXT_READ]],
  ["two empty lines before it", `\r\n\r\n${NEXT}`, "emptyLines"],
  ["a space before it", ` ${NEXT}`, "requestLine"],
  ["HTTP/1.0 of a health check", "OPTIONS / HTTP/1.0\r\n\r\n", ["OPTIONS http://localhost/ "]],
  ["HTTP/1.0 with Host", `GET /a HTTP/1.0\r\n${HOST}\r\n`, ["GET http://h/a "]],
  ["HTTP/1.0 that does more than look", `BITS_POST / HTTP/1.0\r\n${HOST}\r\n`, "version"],
  ["HTTP/1.0 with content", `OPTIONS / HTTP/1.0\r\n${HOST}Content-Length: 1\r\n\r\nx`, "version"],
  ["HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n", "hostCount"],
  [
    "HTTP/1.0 with Transfer-Encoding",
    `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "version",
  ],
  ["HTTP/1.2", `GET / HTTP/1.2\r\n${HOST}\r\n`, "version"],
  ["HTTP/2.0", `GET / HTTP/2.0\r\n${HOST}\r\n`, "version"],
  ["the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "targetForm"],
  ["an HTTP/0.9 simple request", "GET /\r\n", "requestLine"],
  ["no version, one space", "GET / \r\n", "requestLine"],
  ["two spaces", `GET  / HTTP/1.1\r\n${HOST}\r\n`, "requestLine"],
  ["two spaces before the version", `GET /  HTTP/1.1\r\n${HOST}\r\n`, "requestLine"],
  ["a space after the version", `GET / HTTP/1.1 \r\n${HOST}\r\n`, "requestLine"],
  ["a tab for a space", `GET\t/ HTTP/1.1\r\n${HOST}\r\n`, "requestLine"],
  ["lower-case version", `GET / http/1.1\r\n${HOST}\r\n`, "requestLine"],
  ["version with more digits", `GET / HTTP/1.10\r\n${HOST}\r\n`, "requestLine"],
  ["version with a comma", `GET / HTTP/1,1\r\n${HOST}\r\n`, "requestLine"],
  ["another protocol's name", `GET / ICAP/1.1\r\n${HOST}\r\n`, "requestLine"],
  ["a method that is no token", `GE{T / HTTP/1.1\r\n${HOST}\r\n`, "requestLine"],
  ["a method with NUL", `GET\0 / HTTP/1.1\r\n${HOST}\r\n`, "controlByte"],
  ["a TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "controlByte"],
  ["a lower-case method", `get / HTTP/1.1\r\n${HOST}\r\n`, "method"],
  [
    "a method that the runtime has no name for",
    `CCM_POST / HTTP/1.1\r\n${HOST}\r\n`,
    ["CCM_POST http://h/ "],
  ],
  ["a method that is written as none is", `Ccm_Post / HTTP/1.1\r\n${HOST}\r\n`, "method"],
  ["TRACE", `TRACE / HTTP/1.1\r\n${HOST}\r\n`, "method"],
  ["TRACK", `TRACK / HTTP/1.1\r\n${HOST}\r\n`, "method"],
  ["CONNECT with authority-form", `CONNECT h:443 HTTP/1.1\r\n${HOST}\r\n`, "method"],
];

const requestTarget: readonly Case[] = [
  [
    "absolute-form, its authority over Host",
    `GET http://t:81/x HTTP/1.1\r\n${HOST}\r\n`,
    ["GET http://t:81/x "],
  ],
  ["absolute-form without a path", `GET http://t HTTP/1.1\r\n${HOST}\r\n`, ["GET http://t "]],
  ["absolute-form with a query and no path", `GET http://t?q HTTP/1.1\r\n${HOST}\r\n`, ["GET http://t?q "]],
  ["absolute-form, scheme in capitals", `GET HTTPS://t/x HTTP/1.1\r\n${HOST}\r\n`, ["GET http://t/x "]],
  [
    "absolute-form with an empty Host (RFC 9110 7.2)",
    "GET http://t/ HTTP/1.1\r\nHost:\r\n\r\n",
    ["GET http://t/ "],
  ],
  ["absolute-form with userinfo", `GET http://a:b@t/ HTTP/1.1\r\n${HOST}\r\n`, "host"],
  ["absolute-form without an authority", `GET http:///x HTTP/1.1\r\n${HOST}\r\n`, "host"],
  ["absolute-form with another scheme", `GET ftp://t/ HTTP/1.1\r\n${HOST}\r\n`, "targetForm"],
  ["absolute-form, but Host missing", "GET http://t/ HTTP/1.1\r\n\r\n", "hostCount"],
  ["absolute-form, but Host malformed", "GET http://t/ HTTP/1.1\r\nHost: a b\r\n\r\n", "host"],
  ["authority-form for GET", `GET h:80 HTTP/1.1\r\n${HOST}\r\n`, "targetForm"],
  ["a relative path", `GET x/y HTTP/1.1\r\n${HOST}\r\n`, "targetForm"],
  ["* for OPTIONS", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, ["OPTIONS http://h/* "]],
  ["* for GET", `GET * HTTP/1.1\r\n${HOST}\r\n`, "targetForm"],
  ["two slashes stay a path", `GET //t/x HTTP/1.1\r\n${HOST}\r\n`, ["GET http://h//t/x "]],
  ["a fragment", `GET /x#y HTTP/1.1\r\n${HOST}\r\n`, "targetBytes"],
  ["DEL", `GET /x\x7f HTTP/1.1\r\n${HOST}\r\n`, "controlByte"],
  ["a tab", `GET /x\ty HTTP/1.1\r\n${HOST}\r\n`, "targetBytes"],
  ["a space", `GET /x y HTTP/1.1\r\n${HOST}\r\n`, "requestLine"],
  [
    "raw UTF-8, as old Windows clients send",
    `GET /caf\xc3\xa9 HTTP/1.1\r\n${HOST}\r\n`,
    ["GET http://h/caf%C3%A9 "],
  ],
  ["raw code page 1252", `GET /\xe9t\xe9.txt HTTP/1.1\r\n${HOST}\r\n`, ["GET http://h/%E9t%E9.txt "]],
  ["8 KiB", `GET /${"x".repeat(8_191)} HTTP/1.1\r\n${HOST}\r\n`, [`GET http://h/${"x".repeat(8_191)} `]],
  ["a byte more than 8 KiB", `GET /${"x".repeat(8_192)} HTTP/1.1\r\n${HOST}\r\n`, "targetLength"],
  ["a request line without an end", `GET /${"x".repeat(20_000)}`, "targetLength"],
];

const fields: readonly Case[] = [
  ["whitespace around the value", `GET / HTTP/1.1\r\nHost:\t h \t\r\n\r\n`, ["GET http://h/ "]],
  ["no whitespace, name in capitals", "GET / HTTP/1.1\r\nHOST:h\r\n\r\n", ["GET http://h/ "]],
  ["tab and obs-text in a value", `GET / HTTP/1.1\r\n${HOST}X: a\tb\xff\r\n\r\n`, ["GET http://h/ "]],
  ["obs-fold", `GET / HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`, "folding"],
  ["obs-fold with a tab", `GET / HTTP/1.1\r\n${HOST}X: a\r\n\tb\r\n\r\n`, "folding"],
  ["whitespace before the first field", `GET / HTTP/1.1\r\n X: a\r\n${HOST}\r\n`, "folding"],
  ["a folded Transfer-Encoding", post("Transfer-Encoding:\r\n chunked\r\n"), "folding"],
  ["a space before the colon", post("Content-Length : 5\r\n", "hello"), "fieldName"],
  ["a tab before the colon", post("Transfer-Encoding\t: chunked\r\n"), "fieldName"],
  ["an empty name", post(": x\r\n"), "fieldName"],
  ["no colon", post("X\r\n"), "fieldName"],
  ["a space in the name", post("Content Length: 5\r\n"), "fieldName"],
  ["a name beyond ASCII", post("X\xe9: 5\r\n"), "fieldName"],
  ["a name in quotes", post('"X": 5\r\n'), "fieldName"],
  ["NUL in a name", post("X\0: 5\r\n"), "controlByte"],
  ["NUL in a value", post("X: a\0b\r\n"), "controlByte"],
  ["ESC in a value", post("X: a\x1bb\r\n"), "controlByte"],
  ["a vertical tab before chunked", post("Transfer-Encoding: \x0bchunked\r\n"), "controlByte"],
  ["a bare CR in a value", post("X: a\rb\r\n"), "bareCarriageReturn"],
  ["a bare CR that hides a field", post("X: a\rTransfer-Encoding: chunked\r\n"), "bareCarriageReturn"],
  ["two CRs", `GET / HTTP/1.1\r\r\n${HOST}\r\n`, "bareCarriageReturn"],
  ["a bare LF in the request line", `GET / HTTP/1.1\n${HOST}\r\n`, "bareLineFeed"],
  ["a bare LF after a field", `GET / HTTP/1.1\r\nHost: h\n\r\n`, "bareLineFeed"],
  ["a bare LF that ends the head", `GET / HTTP/1.1\r\n${HOST}\n`, "bareLineFeed"],
  ["100 fields", post("X: y\r\n".repeat(99)), ["POST http://h/p "]],
  ["101 fields", post("X: y\r\n".repeat(100)), "fieldCount"],
  ["64 KiB without an end", post(`X: ${"y".repeat(65_536)}`), "headLength"],
  ["more than 64 KiB with an end", post(`X: ${"y".repeat(65_536)}\r\n`), "headLength"],
];

const host: readonly Case[] = [
  ["none", "GET / HTTP/1.1\r\n\r\n", "hostCount"],
  ["two", `GET / HTTP/1.1\r\n${HOST}Host: i\r\n\r\n`, "hostCount"],
  ["two that are equal", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, "hostCount"],
  ["empty with origin-form (RFC 9110 4.2.1)", "GET / HTTP/1.1\r\nHost: \r\n\r\n", "host"],
  ["with a port", "GET / HTTP/1.1\r\nHost: h:8080\r\n\r\n", ["GET http://h:8080/ "]],
  ["with an empty port", "GET / HTTP/1.1\r\nHost: h:\r\n\r\n", ["GET http://h:/ "]],
  ["IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", ["GET http://[::1]:80/ "]],
  ["IPv6 without brackets", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", "host"],
  ["malformed IPv6", "GET / HTTP/1.1\r\nHost: [1::2::3]\r\n\r\n", "host"],
  ["a port too large", "GET / HTTP/1.1\r\nHost: h:99999\r\n\r\n", "host"],
  ["an impossible IPv4 address", "GET / HTTP/1.1\r\nHost: 1.2.3.256\r\n\r\n", "host"],
  ["userinfo", "GET / HTTP/1.1\r\nHost: a@h\r\n\r\n", "host"],
  ["a slash", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", "host"],
  ["a backslash", "GET / HTTP/1.1\r\nHost: h\\x\r\n\r\n", "host"],
  ["a question mark", "GET / HTTP/1.1\r\nHost: h?x\r\n\r\n", "host"],
  ["a hash", "GET / HTTP/1.1\r\nHost: h#x\r\n\r\n", "host"],
  ["a list", "GET / HTTP/1.1\r\nHost: h,i\r\n\r\n", "host"],
  ["two words", "GET / HTTP/1.1\r\nHost: h i\r\n\r\n", "host"],
  ["percent-encoding", "GET / HTTP/1.1\r\nHost: h%2fx\r\n\r\n", "host"],
];

const framing: readonly Case[] = [
  ["no body, next request", post("") + NEXT, ["POST http://h/p ", NEXT_READ]],
  [
    "a length, next request",
    post("Content-Length: 5\r\n", "hello") + NEXT,
    ["POST http://h/p hello", NEXT_READ],
  ],
  ["leading zeros", post("Content-Length: 0005\r\n", "hello"), ["POST http://h/p hello"]],
  [
    "Content-Length and Transfer-Encoding",
    post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    "lengthAndCoding",
  ],
  [
    "the same in the other order",
    post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
    "lengthAndCoding",
  ],
  ["two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n"), "lengthCount"],
  ["two equal lengths", post("Content-Length: 5\r\ncontent-length: 5\r\n"), "lengthCount"],
  ["a list of equal lengths", post("Content-Length: 5, 5\r\n"), "lengthCount"],
  ["plus sign", post("Content-Length: +5\r\n"), "length"],
  ["minus sign", post("Content-Length: -5\r\n"), "length"],
  ["a space inside", post("Content-Length: 5 5\r\n"), "length"],
  ["hexadecimal", post("Content-Length: 0x5\r\n"), "length"],
  ["a fraction", post("Content-Length: 5.0\r\n"), "length"],
  ["an exponent", post("Content-Length: 5e1\r\n"), "length"],
  ["digits of another script", post("Content-Length: \xd9\xa5\r\n"), "length"],
  ["an empty length", post("Content-Length: \r\n"), "length"],
  ["2^53", post("Content-Length: 9007199254740992\r\n"), "length"],
  ["2^64", post("Content-Length: 18446744073709551616\r\n"), "length"],
  ["many zeros", post(`Content-Length: ${"0".repeat(17)}\r\n`), "length"],
  ["gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n"), "coding"],
  ["chunked, gzip", post("Transfer-Encoding: chunked, gzip\r\n"), "coding"],
  ["chunked twice", post("Transfer-Encoding: chunked, chunked\r\n"), "coding"],
  ["chunked in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "coding"],
  ["chunked and identity", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), "coding"],
  ["identity", post("Transfer-Encoding: identity\r\n"), "coding"],
  ["xchunked", post("Transfer-Encoding: xchunked\r\n"), "coding"],
  ["chunked with a parameter", post("Transfer-Encoding: chunked;q=1\r\n"), "coding"],
  ["chunked in quotes", post('Transfer-Encoding: "chunked"\r\n'), "coding"],
  ["chunked with a comma", post("Transfer-Encoding: ,chunked\r\n"), "coding"],
  ["an empty coding", post("Transfer-Encoding:\r\n"), "coding"],
  ["CHUNKED in capitals", post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), ["POST http://h/p "]],
  ["GET with a length", `GET / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`, "contentForbidden"],
  ["GET with length zero", `GET / HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`, ["GET http://h/ "]],
  ["HEAD with chunks", `HEAD / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`, "contentForbidden"],
  ["another expectation", post("Content-Length: 5\r\nExpect: 200-ok\r\n"), "expectation"],
  ["two expectations in one", post("Content-Length: 5\r\nExpect: 100-continue, x\r\n"), "expectation"],
  [
    "100-Continue in any case",
    post("Content-Length: 5\r\nExpect: 100-Continue\r\n", "hello"),
    ["POST http://h/p hello"],
  ],
];

const chunks: readonly Case[] = [
  [
    "two chunks, next request",
    chunked(`3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n${NEXT}`),
    ["POST http://h/p abc0123456789", NEXT_READ],
  ],
  ["leading zeros", chunked("003\r\nabc\r\n000\r\n\r\n"), ["POST http://h/p abc"]],
  ["an extension", chunked("3;a=b\r\nabc\r\n0;c\r\n\r\n"), ["POST http://h/p abc"]],
  [
    "trailers, dropped",
    chunked(`3\r\nabc\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n${NEXT}`),
    ["POST http://h/p abc", NEXT_READ],
  ],
  ["an empty size", chunked("\r\nabc"), "chunkSize"],
  ["plus sign", chunked("+3\r\nabc\r\n"), "chunkSize"],
  ["minus sign", chunked("-3\r\nabc\r\n"), "chunkSize"],
  ["0x", chunked("0x3\r\nabc\r\n"), "chunkSize"],
  ["an underscore", chunked("1_0\r\n"), "chunkSize"],
  ["a space before", chunked(" 3\r\nabc\r\n"), "chunkSize"],
  ["a space after", chunked("3 \r\nabc\r\n"), "chunkSize"],
  ["a space before the extension", chunked("3 ;a\r\nabc\r\n"), "chunkSize"],
  ["not hexadecimal", chunked("g\r\n"), "chunkSize"],
  ["2^53", chunked("20000000000000\r\n"), "chunkSize"],
  ["2^64 + 3, which wraps to 3", chunked("10000000000000003\r\n"), "chunkSize"],
  ["seventeen zeros", chunked(`${"0".repeat(17)}\r\n\r\n`), "chunkSize"],
  ["a bare LF after the size", chunked("3\nabc\r\n"), "bareLineFeed"],
  ["a bare CR after the size", chunked("3\rabc\r\n"), "bareCarriageReturn"],
  ["a bare LF in the extension", chunked("3;a\nb\r\nabc\r\n"), "chunkExtension"],
  ["a bare CR in the extension", chunked("3;a\rb\r\nabc\r\n"), "bareCarriageReturn"],
  ["NUL in the extension", chunked("3;\0\r\nabc\r\n"), "chunkExtension"],
  ["a long extension", chunked(`3;${"x".repeat(257)}\r\nabc\r\n`), "chunkExtension"],
  ["many extensions", chunked(`1;${"x".repeat(256)}\r\na\r\n`.repeat(65)), "chunkExtension"],
  ["no CRLF after the data", chunked("3\r\nabc0\r\n\r\n"), "chunkEnd"],
  ["a bare LF after the data", chunked("3\r\nabc\n0\r\n\r\n"), "chunkEnd"],
  ["a bare CR after the data", chunked("3\r\nabc\r0\r\n\r\n"), "chunkEnd"],
  ["data longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n"), "chunkEnd"],
  ["a malformed trailer", chunked("0\r\nX y\r\n\r\n"), "trailer"],
  ["a folded trailer", chunked("0\r\nX: y\r\n z\r\n\r\n"), "trailer"],
  ["a bare LF in the trailer", chunked("0\r\nX: y\n\r\n"), "trailer"],
  ["a bare CR at the end", chunked("0\r\n\rX"), "trailer"],
  ["a trailer too large", chunked(`0\r\nX: ${"y".repeat(8_192)}\r\n\r\n`), "trailer"],
  ["too many trailers", chunked(`0\r\n${"X: y\r\n".repeat(101)}\r\n`), "trailer"],
];

const tables = { requestLine, requestTarget, fields, host, framing, chunks };

describe.each(Object.entries(tables))("%s", (_table, cases) => {
  test.each(cases)("%s", (_name, bytes, expected) => {
    const { requests, refusal } = readRequests([bytesOf(bytes)]);
    if (typeof expected === "string") {
      expect(refusal).toBe(REFUSALS[expected]);
    } else {
      const read = requests.map(
        ({ head, body }) => `${head.method} ${head.url} ${Buffer.from(body).toString()}`,
      );
      expect({ read, refusal }).toEqual({ read: expected, refusal: null });
      expect(requests.every(({ isWhole }) => isWhole)).toBe(true);
    }
  });

  test("read the same when the bytes come one by one", () => {
    for (const [name, bytes] of cases) {
      const whole = readRequests([bytesOf(bytes)]);
      const single = readRequests(Array.from(bytesOf(bytes), (byte) => Uint8Array.of(byte)));
      expect(single, name).toEqual(whole);
    }
  });
});

test("fields keep their order and spelling, and are read as UTF-8 where they are UTF-8", () => {
  const bytes = bytesOf(`GET http://t/ HTTP/1.1\r\nX-a: 1\r\nhost: h\r\nx-A: caf\xc3\xa9\r\nY: \xe9\r\n\r\n`);
  const [request] = readRequests([bytes]).requests;
  expect(request?.head.headers).toEqual([
    ["X-a", "1"],
    ["host", "t"],
    ["x-A", "café"],
    ["Y", "é"],
  ]);
});

test.each([
  ["", true],
  ["Connection: Keep-Alive\r\n", true],
  ["Connection: x, Close\r\n", false],
  ["Connection: keep-alive\r\nConnection: close\r\n", false],
])("a connection is kept unless the client says close: %j", (connection, expected) => {
  const { requests } = readRequests([bytesOf(`GET / HTTP/1.1\r\n${HOST}${connection}\r\n`)]);
  expect(requests[0]?.head.keepAlive).toBe(expected);
});
