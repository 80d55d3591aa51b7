import { expect, test } from "vitest";
import { canonicalTarget } from "../../src/config/canonical-path.ts";
import { readConfig } from "../../src/config/config.ts";
import { toAckResponse } from "../../src/middleware/ack-response.ts";
import { evidenceOf } from "../../src/middleware/evidence.ts";
import { faultOnly } from "../../src/middleware/verdict.ts";
import { beginVisit, type Bindings, type Visit } from "../../src/middleware/visit.ts";
import { FAULTS, isFault } from "../../src/protocol/faults.ts";
import { BITS_UPLOAD_PROTOCOL } from "../../src/protocol/headers.ts";

const config = readConfig({
  ORIGIN_URL: "http://origin.example",
  UPLOAD_DIRECTORIES: [{ path: "/uploads/", maximum_upload_bytes: 1000 }],
  MAXIMUM_FRAGMENT_BYTES: 100,
});
const SESSION = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";

function visitOf(headers: Record<string, string>): Visit {
  const request = new Request("http://edge.example/uploads/a?secret=1", {
    method: "POST",
    headers: { "Content-Length": "0", ...headers },
  });
  const arrival = {
    door: "tcp",
    method: "BITS_POST",
    clientAddress: "192.0.2.1",
    target: "/uploads/a?secret=1",
    body: null,
    whenGone: async () => await new Promise<never>(() => undefined),
  } as const;
  return beginVisit(request, arrival, canonicalTarget(arrival.target), config, {} as Bindings);
}

const fragmentOf = (range: string, length: number, more: Record<string, string> = {}) => ({
  "BITS-Packet-Type": "Fragment",
  "BITS-Session-Id": SESSION,
  "Content-Range": range,
  "Content-Length": String(length),
  ...more,
});
const create = { "BITS-Packet-Type": "Create-Session" };

// prettier-ignore
test.each([
  [{ "BITS-Packet-Type": "Ping", "BITS-Session-Id": "a".repeat(5000) }, "headerTooLong", "bits-session-id: 5000 characters", "4096 bytes"],
  [{ "BITS-Packet-Type": "x".repeat(200) },          "unknownPacketType",    "x".repeat(100), "Create-Session, Ping, Fragment, Close-Session, Cancel-Session"],
  [{ ...create, "Content-Length": "7" },             "bodyNotAllowed",       "7", 0],
  [create,                                           "protocolsMissing",     null, BITS_UPLOAD_PROTOCOL],
  [{ ...create, "BITS-Supported-Protocols": "{1}" }, "noCommonProtocol",     "{1}", BITS_UPLOAD_PROTOCOL],
  [fragmentOf("bytes 9-", 1),                        "contentRangeInvalid",  "bytes 9-", "bytes first-last/total"],
  [fragmentOf("bytes 0-9/20", 9),                    "contentRangeMismatch", "bytes 0-9/20, Content-Length 9", "the same length in both"],
  [fragmentOf("bytes 0-9/20", 10, { "Content-Encoding": "gzip" }), "contentEncodingUnknown", "gzip", "identity"],
])("a malformed packet %j is logged as %s, with what was got and what is allowed", (headers, fault, got, allowed) => {
  const visit = visitOf(headers);
  if (!isFault(visit.packet)) throw new Error("the packet is well-formed");
  expect(visit.packet.fault).toBe(fault);
  expect(evidenceOf(visit, faultOnly(visit.packet))).toEqual({ got, allowed });
});

// prettier-ignore
test.each([
  ["offsetGap",        fragmentOf("bytes 50-59/200", 10),    20,   50,    20],
  ["fragmentTooLarge", fragmentOf("bytes 0-199/200", 200),   0,    200,   100],
  ["uploadTooLarge",   fragmentOf("bytes 0-9/2000", 10),     0,    2000,  1000],
  ["totalChanged",     fragmentOf("bytes 0-9/200", 10),      null, 200,   "the total of the first Fragment"],
  ["sessionUnknown",   fragmentOf("bytes 0-9/200", 10),      null, null,  null],
] as const)("%s is logged with the numbers that were compared", (fault, headers, offset, got, allowed) => {
  expect(evidenceOf(visitOf(headers), { offset, fault: FAULTS[fault] })).toEqual({ got, allowed });
});

test("a check that knows more than the packet says it in its verdict", () => {
  const evidence = { got: "192.0.2.1", allowed: "allow_from 198.51.100.0/24" };
  expect(evidenceOf(visitOf(create), faultOnly(FAULTS.accessDenied, evidence))).toEqual(evidence);
});

test("the client is told nothing of the evidence", () => {
  const evidence = { got: "got-by-the-edge", allowed: "allowed-by-the-edge" };
  const { status, headers } = toAckResponse(visitOf(create), faultOnly(FAULTS.accessDenied, evidence));
  expect(status).toBe(403);
  expect(JSON.stringify([...headers])).not.toMatch(/-by-the-edge/);
});
