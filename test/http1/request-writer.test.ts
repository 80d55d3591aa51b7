import { expect, test } from "vitest";
import type { CommitRequest } from "../../src/origin/commit-request.ts";
import { formatRequestHead } from "../../src/http1/request-writer.ts";

const request = (change: Partial<CommitRequest> = {}): CommitRequest => ({
  method: "PUT",
  url: "http://iis.example.com:8080/base/uploads/%C3%A4.bin?a=b%20c",
  headers: new Map([["Content-Type", "application/octet-stream"]]),
  carriesEntity: true,
  ...change,
});

test("a request says its target, its host and how long it is (RFC 9112 3.2, 6.2)", () => {
  expect(formatRequestHead(request(), 42)).toBe(
    [
      "PUT /base/uploads/%C3%A4.bin?a=b%20c HTTP/1.1",
      "Host: iis.example.com:8080",
      "Content-Length: 42",
      "Content-Type: application/octet-stream",
      "",
      "",
    ].join("\r\n"),
  );
});

test.each([
  ["http://iis.example.com", "PUT / HTTP/1.1", "iis.example.com"],
  ["https://iis.example.com:443/x", "PUT /x HTTP/1.1", "iis.example.com"],
  ["http://[::1]:81/x#part", "PUT /x HTTP/1.1", "[::1]:81"],
  ["http://name:secret@iis.example.com/x", "PUT /x HTTP/1.1", "iis.example.com"],
])("%s is asked for by %s at %s", (url, line, host) => {
  const [first, second] = formatRequestHead(request({ url }), 0).split("\r\n");
  expect([first, second]).toEqual([line, `Host: ${host}`]);
});

test.each(["a\r\nX-Forwarded-For: 192.0.2.1", "a\nb", "a\rb", "a\0b"])(
  "a value that holds %j is never written",
  (value) => {
    const headers = new Map([["BITS-Original-Request-URL", value]]);
    expect(() => formatRequestHead(request({ headers }), 0)).toThrow(
      new TypeError("the value of BITS-Original-Request-URL is more than one line"),
    );
  },
);
