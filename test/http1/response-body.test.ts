import { expect, test } from "vitest";
import { bodyOf } from "../../src/http1/response-body.ts";
import { bytesOf } from "../ingress/support/read-requests.ts";

const CHUNKED = { "Transfer-Encoding": "chunked" };

/** RFC 9112 section 6.3: what a head says of its body, the body, and what is in it. */
const COUNTED: readonly { head: Record<string, string>; body: string; content?: string; status?: number }[] =
  [
    { head: { "Content-Length": "5" }, body: "hello" },
    { head: { "Content-Length": "5, 5" }, body: "hello" },
    { head: CHUNKED, body: "0\r\n\r\n", content: "" },
    { head: { "Transfer-Encoding": "Chunked" }, body: "5\r\nhello\r\n0\r\n\r\n", content: "hello" },
    {
      head: { "Transfer-Encoding": "gzip, chunked" },
      body: "a;name=value\r\n0123456789\r\nB\r\n01234567890\r\n0\r\n\r\n",
      content: "012345678901234567890",
    },
    { head: { ...CHUNKED, "Content-Length": "1" }, body: "5\r\nhello\r\n0\r\n\r\n", content: "hello" },
    // Data that looks like the end of the body is data.
    { head: CHUNKED, body: "5\r\n0\r\n\r\n\r\n0\r\n\r\n", content: "0\r\n\r\n" },
    { head: CHUNKED, body: "5\r\nhello\r\n0\r\nA: trailer\r\nB: another\r\n\r\n", content: "hello" },
    // Apache 1.3 fills the line of a size up with spaces; bare LF as in the head (RFC 9112 section 2.2).
    { head: CHUNKED, body: "5    \r\nhello\r\n000  \r\n\r\n", content: "hello" },
    { head: CHUNKED, body: "5\nhello\n0\n\n", content: "hello" },
  ];

test.each(COUNTED)(
  "%j ends where it ends, however it is cut",
  ({ head, body, content = body, status = 200 }) => {
    const follow = () => bodyOf({ status, headers: new Headers(head) });
    const atOnce = follow();
    expect(textOf(atOnce.push(bytesOf(`${body}and more`)))).toBe(content);
    expect(atOnce.isOver).toBe(true);
    const oneByOne = follow();
    let read = "";
    const said = [...bytesOf(body)].map((byte) => {
      read += textOf(oneByOne.push(Uint8Array.of(byte)));
      return oneByOne.isOver;
    });
    expect(read).toBe(content);
    expect(said).toEqual(said.map((_, index) => index === said.length - 1));
  },
);

test.each<[number, Record<string, string>]>([
  [200, { "Content-Length": "0" }],
  [204, { "Content-Length": "5" }],
  [204, CHUNKED],
  [304, { "Content-Length": "5" }],
])("after %i with %j there is nothing", (status, head) => {
  expect(bodyOf({ status, headers: new Headers(head) }).isOver).toBe(true);
});

test.each([
  ["nothing", {}],
  ["another coding than chunked at its end", { "Transfer-Encoding": "chunked, gzip" }],
])("an answer that says %s ends with its connection", (_what, head) => {
  const body = bodyOf({ status: 200, headers: new Headers(head) });
  expect(body.endsWithConnection).toBe(true);
  for (const part of ["hello", "\r\n\r\n", "0\r\n\r\n"]) {
    expect(textOf(body.push(bytesOf(part)))).toBe(part);
    expect(body.isOver).toBe(false);
  }
});

test.each([
  "hello\r\n",
  "\r\n",
  "-1\r\n",
  "0x5\r\nhello\r\n",
  "5 5\r\nhello\r\n",
  "5\r\nhello!\r\n0\r\n\r\n",
  "11111111111111\r\n",
  "1;".padEnd(20_000, "x"),
])("%j are no chunks", (chunks) => {
  const body = bodyOf({ status: 200, headers: new Headers(CHUNKED) });
  expect(() => body.push(bytesOf(chunks))).toThrow(TypeError);
});

function textOf(parts: readonly Uint8Array[]): string {
  return parts.map((part) => new TextDecoder().decode(part)).join("");
}
