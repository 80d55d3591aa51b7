import { crc32c } from "./crc32c.ts";
import { ipv6Of } from "./ip-address.ts";
import { REFUSALS, type Refusal } from "./refusals.ts";

/** Whose connection it is, by a header of the PROXY protocol, and how many bytes the header has. */
export interface Announcement {
  /**
   * "client": the connection is this client's. "unknown": it is somebody's whom the proxy cannot name, over a UNIX socket,
   * say. "proxy": it is the proxy's own, for a health check.
   */
  readonly of: "client" | "unknown" | "proxy";
  /** The client's address without its port, an IPv4-mapped one as IPv4; empty unless `of` is "client". */
  readonly address: string;
  readonly bytes: number;
}

/** Every header of version 2 begins so; no request does (proxy-protocol.txt 2.2). */
export const SIGNATURE = new TextEncoder().encode("\r\n\r\n\0\r\nQUIT\n");

/** Signature, version and command, family and protocol, length. */
const FIXED_BYTES = 16;
/** nginx's limit (NGX_PROXY_PROTOCOL_MAX_HEADER): the text promises a header below an MSS, a certificate's name may be long. */
const LONGEST_BYTES = 4_096;

const LOCAL = 0x20;
const PROXY = 0x21;
/** Address blocks by family (high half of the byte) and protocol: `addressBytes` is 0 where we read no address. */
const BLOCKS: Readonly<Record<number, { readonly bytes: number; readonly addressBytes: number }>> = {
  0x11: { bytes: 12, addressBytes: 4 }, // TCP over IPv4
  0x21: { bytes: 36, addressBytes: 16 }, // TCP over IPv6
  0x12: { bytes: 12, addressBytes: 0 }, // UDP over IPv4, which never reaches a TCP door
  0x22: { bytes: 36, addressBytes: 0 }, // UDP over IPv6
  0x31: { bytes: 216, addressBytes: 0 }, // a UNIX socket, stream
  0x32: { bytes: 216, addressBytes: 0 }, // a UNIX socket, datagrams
  0x00: { bytes: 0, addressBytes: 0 }, // unspecified
};

const TLV_HEAD_BYTES = 3;
const CRC32C = 0x03;
const CRC32C_BYTES = 4;

/** @param all begins with as much of the signature as there is; null if more bytes are needed */
export function readBinaryHeader(all: Uint8Array): Announcement | Refusal | null {
  if (all.byteLength < FIXED_BYTES) return null;
  const [command = 0, family = 0] = all.subarray(SIGNATURE.byteLength);
  const bytes = FIXED_BYTES + uint16(all, FIXED_BYTES - 2);
  if (bytes > LONGEST_BYTES || (command !== LOCAL && command !== PROXY)) return REFUSALS.proxyBinary;
  if (all.byteLength < bytes) return null;
  // "Discard the protocol block including the family which is ignored": the proxy's own connection.
  if (command === LOCAL) return { of: "proxy", address: "", bytes };
  const block = BLOCKS[family];
  if (block === undefined || FIXED_BYTES + block.bytes > bytes) return REFUSALS.proxyBinary;
  const header = all.subarray(0, bytes);
  if (!hasSoundTlvs(header, FIXED_BYTES + block.bytes)) return REFUSALS.proxyBinary;
  const source = header.subarray(FIXED_BYTES, FIXED_BYTES + block.addressBytes);
  const address = block.addressBytes === 16 ? formatIpv6(source) : source.join(".");
  return { of: address === "" ? "unknown" : "client", address, bytes };
}

/**
 * Whether type-length-value entries fill the rest of the header, and the checksum is right if the header has one: "if it is
 * not, the receiver MUST treat the TCP connection providing the header as invalid" (2.2.3). No other entry is read.
 */
function hasSoundTlvs(header: Uint8Array, from: number): boolean {
  let at = from;
  while (at < header.byteLength) {
    const value = at + TLV_HEAD_BYTES;
    const end = value + uint16(header, at + 1);
    if (end > header.byteLength) return false;
    if (header[at] === CRC32C && (end - value !== CRC32C_BYTES || !hasChecksum(header, value))) return false;
    at = end;
  }
  return true;
}

/** The checksum is of the header with zeros in the place of the checksum. */
function hasChecksum(header: Uint8Array, at: number): boolean {
  const end = at + CRC32C_BYTES;
  const said = uint16(header, at) * 0x1_0000 + uint16(header, at + 2);
  return crc32c([header.subarray(0, at), new Uint8Array(CRC32C_BYTES), header.subarray(end)]) === said;
}

function formatIpv6(address: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, group) => uint16(address, group * 2).toString(16));
  return ipv6Of(groups.join(":")) ?? "";
}

/** In network byte order. */
function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}
