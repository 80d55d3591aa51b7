import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c } from "../../src/http1/crc32c.ts";
import { type ProxyHeader, ProxyHeaderReader } from "../../src/http1/proxy-header.ts";
import { REFUSALS, Refusal } from "../../src/http1/refusals.ts";
import { cuts } from "../ingress/support/arbitrary-request.ts";
import { cutAt } from "../ingress/support/read-requests.ts";
import { binaryHeader, IPV4_BLOCK, ipv6Block, tlv } from "../support/proxy-header.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** What a reader makes of bytes in pieces; `rest` is all that came after the header. */
function read(pieces: Iterable<Uint8Array>): Omit<ProxyHeader, "bytes"> | Refusal | null {
  const reader = new ProxyHeaderReader();
  let header: ProxyHeader | null = null;
  const rest: Uint8Array[] = [];
  for (const piece of pieces) {
    if (header !== null) {
      rest.push(piece);
      continue;
    }
    const said = reader.push(piece);
    if (said instanceof Refusal) return said;
    header = said;
    if (said !== null) rest.push(said.rest);
  }
  return header === null ? null : { of: header.of, address: header.address, rest: Buffer.concat(rest) };
}

const readText = (text: string) => read([Buffer.from(text, "latin1")]);
const client = (address: string) => ({ of: "client", address });

describe("a line, version 1", () => {
  test.each([
    ["PROXY TCP4 198.51.100.7 192.0.2.1 51234 443", client("198.51.100.7")],
    ["PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535", client("255.255.255.255")],
    ["PROXY TCP4 0.0.0.0 0.0.0.0 0 0", client("0.0.0.0")],
    ["PROXY TCP6 2001:db8::7 2001:db8::1 51234 443", client("2001:db8::7")],
    ["PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:0007 ::1 1 2", client("2001:db8::7")],
    ["PROXY TCP6 ::ffff:198.51.100.7 ::ffff:192.0.2.1 51234 443", client("198.51.100.7")],
    ["PROXY TCP6 ::ffff:c633:6407 ::1 51234 443", client("198.51.100.7")],
    ["PROXY UNKNOWN", { of: "unknown", address: "" }],
    ["PROXY UNKNOWN 198.51.100.7 anything at all", { of: "unknown", address: "" }],
  ])("%s", (line, expected) => {
    expect(readText(`${line}\r\n${REQUEST}`)).toEqual({ ...expected, rest: Buffer.from(REQUEST) });
  });

  test.each([
    ["a family that there is not", "PROXY UDP4 198.51.100.7 192.0.2.1 1 2\r\n"],
    ["letters of the wrong case", "PROXY tcp4 198.51.100.7 192.0.2.1 1 2\r\n"],
    ["an address of the other family", "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n"],
    ["… and the other way round", "PROXY TCP6 198.51.100.7 192.0.2.1 1 2\r\n"],
    ["a number that is none", "PROXY TCP4 198.51.100.256 192.0.2.1 1 2\r\n"],
    ["a number that could be octal", "PROXY TCP4 198.51.100.07 192.0.2.1 1 2\r\n"],
    ["a dot at the end", "PROXY TCP4 198.51.100.7. 192.0.2.1 1 2\r\n"],
    ["more than an address", "PROXY TCP6 ::1]/x ::1 1 2\r\n"],
    ["three numbers", "PROXY TCP4 198.51.100 192.0.2.1 1 2\r\n"],
    ["a zone", "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"],
    ["brackets", "PROXY TCP6 [::1] ::1 1 2\r\n"],
    ["nine groups", "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n"],
    ["a destination that is none", "PROXY TCP4 198.51.100.7 here 1 2\r\n"],
    ["a port that is too large", "PROXY TCP4 198.51.100.7 192.0.2.1 65536 2\r\n"],
    ["a port that begins with zero", "PROXY TCP4 198.51.100.7 192.0.2.1 1 02\r\n"],
    ["no ports", "PROXY TCP4 198.51.100.7 192.0.2.1\r\n"],
    ["two spaces", "PROXY TCP4  198.51.100.7 192.0.2.1 1 2\r\n"],
    ["a space at the end", "PROXY TCP4 198.51.100.7 192.0.2.1 1 2 \r\n"],
    ["a line feed alone", "PROXY TCP4 198.51.100.7 192.0.2.1 1 2\n"],
    ["a carriage return alone", "PROXY TCP4 198.51.100.7 192.0.2.1 1 2\rx"],
    ["UNKNOWN with a letter more", "PROXY UNKNOWNS\r\n"],
    ["108 bytes", `PROXY UNKNOWN ${"x".repeat(92)}\r\n`],
    ["no end", `PROXY UNKNOWN ${"x".repeat(200)}`],
  ])("refused: %s", (_, line) => {
    expect(readText(line)).toBe(REFUSALS.proxyLine);
  });

  test("107 bytes are taken, and not one more is waited for", () => {
    const line = `PROXY UNKNOWN ${"x".repeat(91)}\r\n`;
    expect(line).toHaveLength(107);
    expect(readText(line)).toMatchObject({ of: "unknown" });
    expect(readText(line.slice(0, 106))).toBeNull();
    expect(readText(`${line.slice(0, 105)}xx`)).toBe(REFUSALS.proxyLine);
  });
});

const MAPPED = ipv6Block([0, 0, 0, 0, 0, 0xffff, 0xc633, 0x6407]);
const withSum = (sum: Uint8Array): Buffer =>
  binaryHeader({ tlvs: Buffer.concat([tlv(0x04, Buffer.alloc(2)), tlv(0x03, sum)]) });
const UNSPECIFIED = { family: 0x00, block: Buffer.alloc(0) };

describe("a binary header, version 2", () => {
  test.each([
    ["TCP over IPv4", {}, client("198.51.100.7")],
    [
      "TCP over IPv6",
      { family: 0x21, block: ipv6Block([0x2001, 0xdb8, 0, 0, 0, 0, 0, 7]) },
      client("2001:db8::7"),
    ],
    ["an IPv4-mapped address is IPv4", { family: 0x21, block: MAPPED }, client("198.51.100.7")],
    ["LOCAL is the proxy's own", { command: 0x20, ...UNSPECIFIED }, { of: "proxy" }],
    [
      "LOCAL, whatever else it says",
      { command: 0x20, family: 0xff, block: Buffer.alloc(7) },
      { of: "proxy" },
    ],
    ["UNSPEC is somebody", UNSPECIFIED, { of: "unknown" }],
    ["a UNIX socket is somebody", { family: 0x31, block: Buffer.alloc(216) }, { of: "unknown" }],
    ["UDP is somebody", { family: 0x12 }, { of: "unknown" }],
    [
      "entries are skipped",
      { tlvs: Buffer.concat([tlv(0x02, Buffer.from("a.example")), tlv(0xe0, Buffer.alloc(300))]) },
      client("198.51.100.7"),
    ],
    ["4,096 bytes", { tlvs: tlv(0x04, Buffer.alloc(4_096 - 16 - 12 - 3)) }, client("198.51.100.7")],
  ])("%s", (_, parts, expected) => {
    const bytes = Buffer.concat([binaryHeader(parts), Buffer.from(REQUEST)]);
    expect(read([bytes])).toMatchObject({ ...expected, rest: Buffer.from(REQUEST) });
  });

  test.each([
    ["version 1 in it", { command: 0x11 }],
    ["version 3 in it", { command: 0x31 }],
    ["a command that there is not", { command: 0x22 }],
    ["a family that there is not", { family: 0x41 }],
    ["a protocol that there is not", { family: 0x13 }],
    ["a block that is too short", { block: IPV4_BLOCK.subarray(0, 11) }],
    ["IPv6 in a block of IPv4", { family: 0x21 }],
    ["half an entry", { tlvs: Buffer.from([0x02, 0]) }],
    ["an entry that is longer than the header", { tlvs: Buffer.from([0x02, 0, 5, 1]) }],
    ["4,097 bytes", { length: 4_097 - 16, tlvs: Buffer.alloc(4_096) }],
    ["65,551 bytes, of which none has come", { length: 65_535, block: Buffer.alloc(0) }],
  ])("refused: %s", (_, parts) => {
    expect(read([binaryHeader(parts)])).toBe(REFUSALS.proxyBinary);
  });

  test("its checksum is looked at where it has one", () => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32c([withSum(Buffer.alloc(4))]));
    expect(read([withSum(sum)])).toMatchObject(client("198.51.100.7"));
    const wrong = Buffer.from(sum);
    wrong[3] = (wrong[3] ?? 0) ^ 1;
    const longer = Buffer.alloc(5);
    longer.writeUInt32BE(crc32c([withSum(Buffer.alloc(5))]));
    for (const bytes of [wrong, Buffer.alloc(4), sum.subarray(1), longer].map(withSum))
      expect(read([bytes])).toBe(REFUSALS.proxyBinary);
  });

  test("CRC32c is that of RFC 3720, B.4", () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, at) => at);
    expect(crc32c([new Uint8Array(32)]).toString(16)).toBe("8a9136aa");
    expect(crc32c([ascending.subarray(0, 5), ascending.subarray(5)]).toString(16)).toBe("46dd794e");
  });
});

describe("whatever else comes", () => {
  test.each([
    ["a request", REQUEST, "G"],
    ["a request after an empty line", `\r\n${REQUEST}`, "\r\nG"],
    ["TLS", "\x16\x03\x01\x02\x00", "\x16"],
    ["another case", "proxy TCP4 198.51.100.7 192.0.2.1 1 2\r\n", "p"],
    ["a signature that goes wrong", "\r\n\r\n\0\r\nQUIX", "\r\n\r\n\0\r\nQUIX"],
  ])("refused at its first wrong byte: %s", (_, bytes, enough) => {
    expect(readText(bytes)).toBe(REFUSALS.proxyHeader);
    expect(readText(enough)).toBe(REFUSALS.proxyHeader);
    expect(readText(enough.slice(0, -1) || "P")).toBeNull();
  });

  const line = fc
    .tuple(fc.ipV4(), fc.ipV4(), fc.nat(65_535), fc.nat(65_535))
    .map(([source, destination, ...ports]) =>
      Buffer.from(`PROXY TCP4 ${source} ${destination} ${ports.join(" ")}\r\n`),
    );
  const binary = fc
    .tuple(fc.uint8Array({ minLength: 36, maxLength: 36 }), fc.uint8Array({ maxLength: 30 }))
    .map(([block, value]) => binaryHeader({ family: 0x21, block, tlvs: tlv(0x02, value) }));
  const changed = fc.tuple(fc.oneof(line, binary), fc.nat(), fc.nat(255)).map(([bytes, place, byte]) => {
    const copy = Uint8Array.from(bytes);
    copy[place % copy.byteLength] = byte;
    return copy;
  });
  const anything = fc.oneof(line, binary, changed, fc.uint8Array({ maxLength: 200 }));

  test("any split of the same bytes reads the same", () => {
    fc.assert(
      fc.property(anything, cuts, (header, places) => {
        const bytes = Buffer.concat([header, Buffer.from(REQUEST)]);
        expect(read(cutAt(bytes, places))).toEqual(read([bytes]));
      }),
      { numRuns: 5_000 },
    );
  });

  test("an address that is told is an address, whatever was changed", () => {
    fc.assert(
      fc.property(changed, (header) => {
        const said = read([header]);
        if (said === null || said instanceof Refusal || said.of !== "client") return;
        expect(said.address).toMatch(/^[0-9a-f:.]+$/);
        expect(
          URL.canParse(said.address.includes(":") ? `http://[${said.address}]/` : `http://${said.address}/`),
        ).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});
