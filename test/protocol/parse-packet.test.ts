import fc from "fast-check";
import { expect, test } from "vitest";
import { FAULTS } from "../../src/protocol/faults.ts";
import { PACKET_TYPES } from "../../src/protocol/packet.ts";
import { parsePacket } from "../../src/protocol/parse-packet.ts";

const ID = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";
const CANONICAL = "A0FF5911-4144-45B3-BF27-27AFC8EC8A67";
const PROTOCOL = "{7df0354d-249b-430f-820d-3d2a9bef4931}";

type Changes = Record<string, string | null>;

/** The head of a good packet, with some headers replaced, added, or (null) left out. */
function head(type: string, changes: Changes = {}): [string, string][] {
  const good: Record<string, string> = {
    Accept: "*/*",
    "BITS-Packet-Type": type,
    "Content-Length": type === "Fragment" ? "10" : "0",
    ...(type === "Create-Session" ? { "BITS-Supported-Protocols": PROTOCOL } : {}),
    ...(/Fragment|Close|Cancel/.test(type) ? { "BITS-Session-Id": ID } : {}),
    ...(type === "Fragment" ? { "Content-Range": "bytes 20-29/30" } : {}),
  };
  return Object.entries({ ...good, ...changes }).flatMap(([name, value]) =>
    value === null ? [] : [[name, value]],
  );
}

const FRAGMENT = {
  type: "Fragment",
  sessionId: CANONICAL,
  range: { first: 20, last: 29, total: 30 },
  contentLength: 10,
};

// prettier-ignore
const CASES: [what: string, type: string, changes: Changes, expected: unknown][] = [
  ["Create-Session",                    "Create-Session", {}, { type: "Create-Session" }],
  ["… in odd case",                     "CreatE-SEssION", { "BITS-Supported-Protocols": PROTOCOL }, { type: "Create-Session" }],
  ["… a protocol in upper case",        "Create-Session", { "BITS-Supported-Protocols": PROTOCOL.toUpperCase() }, { type: "Create-Session" }],
  ["… among others, by comma",          "Create-Session", { "BITS-Supported-Protocols": `{x},${PROTOCOL}` }, { type: "Create-Session" }],
  ["… among others, by space",          "Create-Session", { "BITS-Supported-Protocols": `{x} ${PROTOCOL} {y}` }, { type: "Create-Session" }],
  ["… as the 100th protocol",           "Create-Session", { "BITS-Supported-Protocols": `${"{x} ".repeat(99)}${PROTOCOL}` }, { type: "Create-Session" }],
  ["… as the 101st protocol",           "Create-Session", { "BITS-Supported-Protocols": `${"{x} ".repeat(100)}${PROTOCOL}` }, FAULTS.noCommonProtocol],
  ["… without a protocol",              "Create-Session", { "BITS-Supported-Protocols": null }, FAULTS.protocolsMissing],
  ["… with an empty list",              "Create-Session", { "BITS-Supported-Protocols": "" }, FAULTS.noCommonProtocol],
  ["… with a body",                     "Create-Session", { "Content-Length": "1" }, FAULTS.bodyNotAllowed],
  ["Ping",                              "Ping", {}, { type: "Ping" }],
  ["… with an id",                      "Ping", { "BITS-Session-Id": "nonsense" }, { type: "Ping" }],
  ["… without Content-Length is empty", "Ping", { "Content-Length": null }, { type: "Ping" }],
  ["… chunked",                         "Ping", { "Content-Length": null, "Transfer-Encoding": "chunked" }, FAULTS.contentLengthMissing],
  ["… of a length that is none",        "Ping", { "Content-Length": "none" }, FAULTS.contentLengthMissing],
  ["Fragment",                          "Fragment", {}, FRAGMENT],
  ["… an id without braces",            "Fragment", { "BITS-Session-Id": CANONICAL.toLowerCase() }, FRAGMENT],
  ["… an id with half its braces",      "Fragment", { "BITS-Session-Id": `{${CANONICAL}` }, FAULTS.sessionUnknown],
  ["… an id that is no GUID",           "Fragment", { "BITS-Session-Id": "1234567" }, FAULTS.sessionUnknown],
  ["… the id twice",                    "Fragment", { "bits-session-id": ID }, FAULTS.sessionUnknown],
  ["… without an id",                   "Fragment", { "BITS-Session-Id": null }, FAULTS.sessionIdMissing],
  ["… without a range",                 "Fragment", { "Content-Range": null }, FAULTS.contentRangeInvalid],
  ["… and an id that is no GUID",       "Fragment", { "Content-Range": null, "BITS-Session-Id": "1" }, FAULTS.contentRangeInvalid],
  ["… of the wrong length, and no GUID", "Fragment", { "Content-Length": "11", "BITS-Session-Id": "1" }, FAULTS.contentRangeMismatch],
  ["… gzip, and no GUID",               "Fragment", { "Content-Encoding": "gzip", "BITS-Session-Id": "1" }, FAULTS.contentEncodingUnknown],
  ["… gzip, and a total beyond 2^53",   "Fragment", { "Content-Range": "bytes 0-9/18446744073709551615", "Content-Encoding": "gzip" }, FAULTS.contentEncodingUnknown],
  ["… too large, and no GUID",          "Fragment", { "Content-Range": "bytes 0-9/18446744073709551615", "BITS-Session-Id": "1" }, FAULTS.sessionUnknown],
  ["… a range that is too long",        "Fragment", { "Content-Range": "bytes 20-30/40" }, FAULTS.contentRangeMismatch],
  ["… a total beyond 2^53",             "Fragment", { "Content-Range": "bytes 0-9/18446744073709551615" }, FAULTS.uploadTooLarge],
  ["… without Content-Length",          "Fragment", { "Content-Length": null }, FAULTS.contentLengthMissing],
  ["… Content-Length twice",            "Fragment", { "content-length": "10" }, FAULTS.contentLengthMissing],
  ["… chunked",                         "Fragment", { "Content-Length": null, "Transfer-Encoding": "chunked" }, FAULTS.contentLengthMissing],
  ["… identity",                        "Fragment", { "Content-Encoding": "Identity" }, FRAGMENT],
  ["… gzip",                            "Fragment", { "Content-Encoding": "gzip" }, FAULTS.contentEncodingUnknown],
  ["… empty",                           "Fragment", { "Content-Range": "bytes 0--1/0", "Content-Length": "0" },
    { type: "Fragment", sessionId: CANONICAL, range: { first: 0, last: -1, total: 0 }, contentLength: 0 }],
  ["… empty, its end an unsigned -1",   "Fragment", { "Content-Range": "bytes 0-18446744073709551615/0", "Content-Length": "0" },
    { type: "Fragment", sessionId: CANONICAL, range: { first: 0, last: -1, total: 0 }, contentLength: 0 }],
  ["Close-Session",                     "Close-Session", {}, { type: "Close-Session", sessionId: CANONICAL }],
  ["… without an id",                   "Close-Session", { "BITS-Session-Id": null }, FAULTS.sessionIdMissing],
  ["… with a body",                     "Close-Session", { "Content-Length": "7" }, FAULTS.bodyNotAllowed],
  ["Cancel-Session",                    "CANCEL-SESSION", { "BITS-Session-Id": ID }, { type: "Cancel-Session", sessionId: CANONICAL }],
  ["an unknown packet type",            "Fragments", {}, FAULTS.unknownPacketType],
  ["an empty packet type",              "", {}, FAULTS.unknownPacketType],
  ["two packet types",                  "Ping", { "bits-packet-type": "Ping" }, FAULTS.unknownPacketType],
  ["Close-Session without Content-Length is empty", "Close-Session", { "Content-Length": null }, { type: "Close-Session", sessionId: CANONICAL }],
  ["Cancel-Session without Content-Length is empty", "Cancel-Session", { "Content-Length": null }, { type: "Cancel-Session", sessionId: CANONICAL }],
  ["Create-Session without Content-Length is empty", "Create-Session", { "Content-Length": null }, { type: "Create-Session" }],
  ["a field of ours of 4,096 bytes",    "Ping", { "Content-Name": "a".repeat(4096) }, { type: "Ping" }],
  ["a field of ours of 4,097 bytes",    "Ping", { "Content-Name": "a".repeat(4097) }, FAULTS.headerTooLong],
  ["… of characters of three bytes",    "Ping", { "Repr-Digest": "€".repeat(1366) }, FAULTS.headerTooLong],
  ["a field of BITS of 4,097 bytes",    "Ping", { "bits-of-tomorrow": "a".repeat(4097) }, FAULTS.headerTooLong],
  ["a field that nobody reads of 8 KB", "Ping", { "X-ARR-ClientCert": "a".repeat(8192) }, { type: "Ping" }],
  ["a Kerberos ticket of 8 KB",         "Ping", { Authorization: `Negotiate ${"a".repeat(8192)}` }, { type: "Ping" }],
];

test.each(CASES)("%s", (_what, type, changes, expected) => {
  expect(parsePacket(head(type, changes))).toEqual(expected);
});

/** `text` in any mixture of cases. */
const cased = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((ups) =>
      Array.from(text, (letter, index) =>
        ups[index] === true ? letter.toUpperCase() : letter.toLowerCase(),
      ).join(""),
    );

test("packet types, header names and ids compare without case (ruling 6, case and lists)", () => {
  fc.assert(
    fc.property(
      fc
        .constantFrom(...PACKET_TYPES)
        .chain((type) => fc.tuple(fc.constant(type), cased(type), cased("bits-packet-type"))),
      ([type, spelt, name]) => {
        const fields = head(type, { "BITS-Packet-Type": null, [name]: spelt });
        expect(parsePacket(fields)).toMatchObject({ type });
      },
    ),
  );
});

test("any head at all gives a packet or a fault, never an exception", () => {
  const names = [
    "BITS-Packet-Type",
    "BITS-Session-Id",
    "Content-Range",
    "Content-Length",
    "Content-Encoding",
    "X",
  ];
  const values = [...PACKET_TYPES, ID, "bytes 0-9/10", "10", "0", "", "gzip"];
  const field = fc.tuple(fc.constantFrom(...names), fc.oneof(fc.constantFrom(...values), fc.string()));
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const result = parsePacket(fields);
      expect("type" in result || "fault" in result).toBe(true);
    }),
  );
});
