/** The polynomial of CRC32c, its bits reversed (RFC 9260 appendix A). */
const POLYNOMIAL = 0x82f63b78;

/** The CRC32c of all `parts`, one after the other. For some hundred bytes: bit by bit, without a table. */
export function crc32c(parts: Iterable<Uint8Array>): number {
  let remainder = 0xffffffff;
  for (const part of parts) {
    for (const byte of part) {
      remainder ^= byte;
      for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
    }
  }
  return ~remainder >>> 0;
}
