import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatChunk,
  formatHead,
  LAST_CHUNK,
  messageFields,
  statedLength,
} from "../../src/http1/response-writer.ts";
import { parseResponseHead } from "../support/http-response.ts";

const NOW = new Date("2026-11-22T20:00:00Z");
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("a response's head", () => {
  test("reads like a capture", () => {
    const head = formatHead(416, [["BITS-Packet-Type", "Ack"]], { bytes: 0 }, true, NOW);
    expect(textOf(head)).toBe(
      "HTTP/1.1 416 Range Not Satisfiable\r\n" +
        "BITS-Packet-Type: Ack\r\n" +
        "Date: Sun, 22 Nov 2026 20:00:00 GMT\r\n" +
        "Content-Length: 0\r\n" +
        "Connection: close\r\n\r\n",
    );
  });

  test("a status without a known phrase has an empty one", () => {
    expect(textOf(formatHead(299, [], "none", false, NOW))).toMatch(/^HTTP\/1\.1 299 \r\n/);
  });

  test("the app's Date is kept", () => {
    const head = textOf(formatHead(200, [["date", "Thu, 01 Jan 1970 00:00:00 GMT"]], "chunked", false, NOW));
    expect(head.match(/date:/gi)).toHaveLength(1);
    expect(head).toContain("Transfer-Encoding: chunked\r\n");
  });

  test.each([
    ["X", "a\r\nb"],
    ["X", "a\nb"],
    ["X", "a\rb"],
    ["X", "a\0b"],
    ["X", "a\x7fb"],
    ["X\r\nY", "a"],
    ["X Y", "a"],
    ["X:", "a"],
    ["", "a"],
    ["Xé", "a"],
  ])("a field that could end its line is never written: %j: %j", (name, value) => {
    expect(() => formatHead(200, [[name, value]], "none", false, NOW)).toThrow(TypeError);
  });

  test("whatever the fields are, the head is one head with these fields, or it is not written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }))),
        (fields) => {
          let head: Uint8Array;
          try {
            head = formatHead(200, fields, { bytes: 0 }, false, NOW);
          } catch {
            return;
          }
          expect(textOf(head).indexOf("\r\n\r\n")).toBe(head.byteLength - 4);
          expect(
            parseResponseHead(Buffer.from(head))
              .headers.slice(0, fields.length)
              .map(([name]) => name),
          ).toEqual(fields.map(([name]) => name));
        },
      ),
    );
  });

  test("text beyond ASCII goes out as UTF-8", () => {
    expect(Buffer.from(formatHead(200, [["X", "é€"]], "none", false, NOW)).toString("utf8")).toContain(
      "X: é€\r\n",
    );
  });
});

describe("the fields of an app's response", () => {
  test("lose what belongs to the connection, its Connection field's names included", () => {
    const headers = new Headers({
      Connection: "close, X-Hop",
      "X-Hop": "1",
      "Keep-Alive": "timeout=5",
      "Proxy-Connection": "close",
      TE: "trailers",
      Trailer: "X",
      "Transfer-Encoding": "chunked",
      Upgrade: "h2c",
      "Content-Length": "5",
      "X-Kept": "1",
    });
    expect(messageFields(headers)).toEqual([["x-kept", "1"]]);
  });

  test("keep each Set-Cookie apart", () => {
    const headers = new Headers([
      ["Set-Cookie", "a=1, 2"],
      ["Set-Cookie", "b"],
    ]);
    expect(messageFields(headers)).toEqual([
      ["set-cookie", "a=1, 2"],
      ["set-cookie", "b"],
    ]);
  });

  test.each([
    ["5", 5],
    ["0", 0],
    ["", null],
    ["-1", null],
    ["5, 5", null],
    ["0x5", null],
    ["9007199254740993", null],
  ])("a Content-Length of %j counts as %j", (value, expected) => {
    expect(statedLength(new Headers({ "Content-Length": value }))).toBe(expected);
  });
});

test("a chunk has its size in hexadecimal", () => {
  expect(textOf(formatChunk(new Uint8Array(26).fill(0x61)))).toBe(`1a\r\n${"a".repeat(26)}\r\n`);
  expect(textOf(LAST_CHUNK)).toBe("0\r\n\r\n");
});
