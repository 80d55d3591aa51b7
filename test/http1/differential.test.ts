import fc from "fast-check";
import { expect, test } from "vitest";
import { REFUSALS } from "../../src/http1/refusals.ts";
import { oddRequest, soundRequest } from "../ingress/support/arbitrary-request.ts";
import { bytesOf, type ReadConnection, readRequests } from "../ingress/support/read-requests.ts";
import { type NodeConnection, readWithNode } from "../ingress/support/read-with-node.ts";

/*
 * The reader against Node's own server (llhttp, strict). Every class of difference has a row here with an example
 * and its reason; a difference without a row fails the test.
 */

/** We refuse, Node takes it. */
const STRICTER: Partial<Record<keyof typeof REFUSALS, readonly [example: string, why: string]>> = {
  bareLineFeed: ["\nPOST / HTTP/1.1\r\nHost: h\r\n\r\n", "Node skips any CR and LF before a request line."],
  emptyLines: [
    "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "The same; RFC 9112 2.2 asks for one to be forgiven.",
  ],
  version: ["POST / HTTP/1.0\r\n\r\n", "Node serves HTTP/1.0; BITS demands 1.1."],
  requestLine: [
    "POST /  HTTP/1.1\r\nHost: h\r\n\r\n",
    "Node takes several spaces, and a line without a version as HTTP/0.9.",
  ],
  host: ["POST / HTTP/1.1\r\nHost: a/b\r\n\r\n", "Node counts Host fields and does not read them."],
  expectation: [
    "POST / HTTP/1.1\r\nHost: h\r\nExpect: 5\r\nExpect: 100-continue\r\n\r\n",
    "Node looks for 100-continue among several fields; here each has to be one that is known (RFC 9110 10.1.1).",
  ],
  hostCount: ["GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "Node keeps the first of two."],
  targetBytes: ["POST /a#b HTTP/1.1\r\nHost: h\r\n\r\n", "Node hands fragments to the app."],
  targetForm: ["POST * HTTP/1.1\r\nHost: h\r\n\r\n", "Node does not relate a target's form to the method."],
  method: [
    "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n",
    "The runtime's Request cannot express the method, or must not.",
  ],
  coding: [
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "Node hands a coded body to the app; nobody here would decode it.",
  ],
  contentForbidden: [
    "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    "The runtime's Request cannot have content with GET.",
  ],
};

/** Node refuses, we do not. */
const NODE_STRICTER: Record<string, readonly [example: string, why: string, applies: RegExp]> = {
  HPE_INVALID_TRANSFER_ENCODING: [
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
    "llhttp forgets that OWS after a value may be a tab (RFC 9110 5.6.3).",
    /^Transfer-Encoding:[ \t]*chunked[ \t]*\t[ \t]*\r$/im,
  ],
  HPE_INVALID_URL: [
    "POST /\xe9 HTTP/1.1\r\nHost: h\r\n\r\n",
    "Old Windows clients send file names as they are; the bytes are percent-encoded here.",
    /\xe9/,
  ],
  HPE_INVALID_METHOD: [
    "CCM_POST / HTTP/1.1\r\nHost: h\r\n\r\n",
    "Node has a list of verbs; here every verb goes to the origin, which knows its own.",
    /^(?!(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH) )[A-Z][A-Z0-9_-]* /m,
  ],
  HPE_CLOSED_CONNECTION: [
    "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nmore",
    "Node calls bytes after the last request an error; here they are not read. HTTP/1.0 is its last by itself.",
    /Connection|HTTP\/1\.0/i,
  ],
};

test.each(Object.entries(STRICTER))("stricter than Node: %s", async (name, [example]) => {
  expect(readRequests([bytesOf(example)]).refusal).toBe(REFUSALS[name as keyof typeof REFUSALS]);
  expect((await readWithNode(bytesOf(example))).error).toBeNull();
});

test.each(Object.entries(NODE_STRICTER))("more lenient than Node: %s", async (code, [example]) => {
  expect(readRequests([bytesOf(example)])).toMatchObject({ requests: [{ isWhole: true }], refusal: null });
  expect((await readWithNode(bytesOf(example))).error).toBe(code);
});

test("every other request is read as Node reads it, or refused by both", async () => {
  const bytes = fc.oneof(
    oddRequest,
    soundRequest.map((request) => request.bytes),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (request) => {
      const ours = readRequests([request]);
      const node = await readWithNode(request);
      expect(unexplained(Buffer.from(request).toString("latin1"), ours, node)).toBeNull();
    }),
    { numRuns: 10_000 },
  );
}, 60_000);

/** What is different and has no row above, in a word; null if nothing is. */
function unexplained(text: string, ours: ReadConnection, node: NodeConnection): string | null {
  const whole = ours.requests.filter(({ isWhole }) => isWhole);
  if (ours.refusal !== null) {
    const name = Object.entries(REFUSALS).find(([, refusal]) => refusal === ours.refusal)?.[0] ?? "";
    return node.error !== null || name in STRICTER ? null : `only we refuse: ${name}`;
  }
  if (node.error !== null) {
    // Node judges a head by its first bytes; here a line is judged when it is whole, and the wait has its limit.
    const isExplained = ours.isInHead || NODE_STRICTER[node.error]?.[2].test(text) === true;
    return isExplained ? null : `only Node refuses: ${node.error}`;
  }
  if (whole.length !== node.requests.length) return `we read ${whole.length}, Node ${node.requests.length}`;
  for (const [place, { head, body }] of whole.entries()) {
    const other = node.requests[place];
    if (other === undefined) return "a request is missing";
    if (other.method !== head.method || other.target !== head.target) return "the request line differs";
    if (!Buffer.from(other.body).equals(body)) return "the body differs";
    // Node reads values as Latin-1, and leaves Host as it is where the target has an authority of its own.
    const fields = (list: NodeConnection["requests"][number]["fields"]) =>
      list.filter(([name]) => !head.target.startsWith("http") || name.toLowerCase() !== "host");
    if (JSON.stringify(fields(other.fields)) !== JSON.stringify(fields(head.headers)))
      return "the fields differ";
  }
  return null;
}
