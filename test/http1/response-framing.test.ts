import { expect, test } from "vitest";
import { endOf } from "../../src/http1/response-framing.ts";
import { bytesOf } from "../ingress/support/read-requests.ts";

/** RFC 9112 section 6.3: what a head says of its body, and a body. */
const COUNTED: readonly { head: Record<string, string>; body: string; status?: number }[] = [
  { head: { "Content-Length": "0" }, body: "" },
  { head: { "Content-Length": "5" }, body: "hello" },
  { head: { "Content-Length": "5, 5" }, body: "hello" },
  { head: { "Transfer-Encoding": "chunked" }, body: "0\r\n\r\n" },
  { head: { "Transfer-Encoding": "Chunked" }, body: "5\r\nhello\r\n0\r\n\r\n" },
  {
    head: { "Transfer-Encoding": "gzip, chunked" },
    body: "a;name=value\r\n0123456789\r\n0\r\n\r\n",
  },
  { head: { "Transfer-Encoding": "chunked", "Content-Length": "1" }, body: "5\r\nhello\r\n0\r\n\r\n" },
  { head: { "Content-Length": "5" }, body: "", status: 204 },
  { head: { "Transfer-Encoding": "chunked" }, body: "", status: 204 },
];

test.each(COUNTED)("%j ends where it ends, however it is cut", ({ head, body, status = 200 }) => {
  const follow = () => endOf({ status, headers: new Headers(head) });
  const whole = bytesOf(body);
  expect(follow()(whole)).toBe(true);
  const isOver = follow();
  const said = [...whole].map((byte) => isOver(Uint8Array.of(byte)));
  expect(said).toEqual(said.map((_, index) => index === said.length - 1));
});

test.each([
  ["nothing", {}],
  ["another coding than chunked at its end", { "Transfer-Encoding": "chunked, gzip" }],
])("an answer that says %s ends with its connection", (_what, head) => {
  const isOver = endOf({ status: 200, headers: new Headers(head) });
  for (const part of ["hello", "\r\n\r\n", "0\r\n\r\n", ""]) expect(isOver(bytesOf(part))).toBe(false);
});
