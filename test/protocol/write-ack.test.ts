import fc from "fast-check";
import { expect, test } from "vitest";
import { FAULTS } from "../../src/protocol/faults.ts";
import { HELD, reflect } from "../../src/protocol/reflect.ts";
import { type Ack, formatHresult, parseFailingHresult, writeAck } from "../../src/protocol/write-ack.ts";

const ID = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";

// prettier-ignore
const CASES: [what: string, ack: Ack, status: number, lines: string[]][] = [
  ["Create-Session's success, in IIS's order ([MC-BUP] 4.1)",
    { to: "Create-Session", sessionId: ID, offset: null, fault: null }, 200,
    ["Pragma: no-cache", "BITS-Packet-Type: Ack", "BITS-Protocol: {7df0354d-249b-430f-820d-3d2a9bef4931}",
     `BITS-Session-Id: ${ID}`, "Content-Length: 0", "Accept-Encoding: identity"]],
  ["Fragment's success says the next offset, a plain integer (ruling 4, the next offset)",
    { to: "Fragment", sessionId: ID, offset: 4892, fault: null }, 200,
    ["Pragma: no-cache", "BITS-Packet-Type: Ack", `BITS-Session-Id: ${ID}`, "Content-Length: 0",
     "BITS-Received-Content-Range: 4892"]],
  ["Ping's Ack names no session even if the Ping did (ruling 3, session ids)",
    { to: "Ping", sessionId: ID, offset: null, fault: null }, 200,
    ["Pragma: no-cache", "BITS-Packet-Type: Ack", "Content-Length: 0"]],
  ["a gap is 416 with the offset and no error code (ruling 9, overlap is trimmed)",
    { to: "Fragment", sessionId: ID, offset: 10, fault: FAULTS.offsetGap }, 416,
    ["Pragma: no-cache", "BITS-Packet-Type: Ack", `BITS-Session-Id: ${ID}`, "Content-Length: 0",
     "BITS-Received-Content-Range: 10"]],
  ["an unknown session, in both spellings of the error (ruling 2, error headers)",
    { to: "Close-Session", sessionId: "nonsense", offset: null, fault: FAULTS.sessionUnknown }, 500,
    ["Pragma: no-cache", "BITS-Packet-Type: Ack", "BITS-Session-Id: nonsense", "Content-Length: 0",
     "BITS-Error-Code: 0x8020001F", "BITS-Error: 0x8020001F", "BITS-Error-Context: 0x5"]],
  ["a refused Create-Session has no protocol and no session",
    { to: "Create-Session", sessionId: null, offset: null, fault: FAULTS.destinationExists }, 403,
    ["Pragma: no-cache", "BITS-Packet-Type: Ack", "Content-Length: 0",
     "BITS-Error-Code: 0x80070005", "BITS-Error: 0x80070005", "BITS-Error-Context: 0x5"]],
  ["the application's refusal has context 0x7",
    { to: "Close-Session", sessionId: ID, offset: null, fault: reflect({ kind: "refused", status: 507, hresult: null }) }, 507,
    ["Pragma: no-cache", "BITS-Packet-Type: Ack", `BITS-Session-Id: ${ID}`, "Content-Length: 0",
     "BITS-Error-Code: 0x801901FB", "BITS-Error: 0x801901FB", "BITS-Error-Context: 0x7"]],
  ["a packet of no known type is still answered with an Ack",
    { to: null, sessionId: null, offset: null, fault: FAULTS.unknownPacketType }, 400,
    ["Pragma: no-cache", "BITS-Packet-Type: Ack", "Content-Length: 0",
     "BITS-Error-Code: 0x80070057", "BITS-Error: 0x80070057", "BITS-Error-Context: 0x5"]],
];

test.each(CASES)("%s", (_what, ack, status, lines) => {
  const written = writeAck(ack);
  expect(written.status).toBe(status);
  expect(written.headers.map(([name, value]) => `${name}: ${value}`)).toEqual(lines);
});

test("error headers never stand on success, and every fault is an HTTP error (ruling 2, error headers)", () => {
  for (const fault of [...Object.values(FAULTS), HELD]) {
    const { status, headers } = writeAck({ to: "Fragment", sessionId: ID, offset: 0, fault });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(headers.some(([name]) => name === "BITS-Error-Code")).toBe(fault.hresult !== null);
  }
});

test("an HRESULT that fails is read back as it was written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x80000000, max: 0xffffffff }), (hresult) => {
      expect(parseFailingHresult(formatHresult(hresult))).toBe(hresult);
    }),
  );
});

test.each(["0x00000000", "0x7FFFFFFF", "80070005", "0x8007", "E_FAIL", "", "0x800700050", null])(
  "an application's code %j is no failing HRESULT",
  (text) => expect(parseFailingHresult(text)).toBeNull(),
);
