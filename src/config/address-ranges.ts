import ipaddr from "ipaddr.js";

/** Whether an address is in one of the CIDR ranges; an IPv4-mapped IPv6 address counts as IPv4. */
export function isInRanges(address: string, ranges: readonly string[]): boolean {
  if (ranges.length === 0 || !ipaddr.isValid(address)) return false;
  const plain = ipaddr.process(address);
  return ranges.some((range) => {
    const [base, bits] = ipaddr.parseCIDR(range);
    return base.kind() === plain.kind() && plain.match([base, bits]);
  });
}
