/** Headers of the PROXY protocol, byte by byte as haproxy.org's proxy-protocol.txt has them. */

const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

/** What of a header of version 2 is to differ from a sound one. */
export interface BinaryParts {
  /** Default: PROXY, 0x21. */
  command?: number;
  /** Default: TCP over IPv4, 0x11. */
  family?: number;
  /** Addresses and ports; default: 198.51.100.7:51234 → 192.0.2.1:443. */
  block?: Uint8Array;
  tlvs?: Uint8Array;
  /** What the header says of the bytes that follow its first 16; default: how many there are. */
  length?: number;
}

export const IPV4_BLOCK = Buffer.from([198, 51, 100, 7, 192, 0, 2, 1, 200, 34, 1, 187]);

/** A header of version 2. */
export function binaryHeader({
  command = 0x21,
  family = 0x11,
  block = IPV4_BLOCK,
  ...parts
}: BinaryParts = {}): Buffer {
  const rest = Buffer.concat([block, parts.tlvs ?? Buffer.alloc(0)]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(parts.length ?? rest.length);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family]), length, rest]);
}

/** An entry of version 2's list: type, length, value. */
export function tlv(type: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), value]);
}

/** Source and destination of TCP over IPv6, from eight groups each. */
export function ipv6Block(source: readonly number[]): Buffer {
  const block = Buffer.alloc(36);
  for (const [at, group] of source.entries()) block.writeUInt16BE(group, at * 2);
  return block;
}
