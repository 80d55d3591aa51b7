/**
 * An IPv4 address as everybody writes it, or null: four numbers without leading zeros, which some would read as octal.
 */
export function ipv4Of(text: string): string | null {
  return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text) ? text : null;
}

/**
 * An IPv6 address in its shortest form (RFC 5952), or null. An IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`, RFC
 * 4291 2.5.5.2) becomes IPv4, so that a client has one name, whichever family its gateway listens with.
 */
export function ipv6Of(text: string): string | null {
  if (!/^[0-9A-Fa-f:.]+$/.test(text) || !URL.canParse(`http://[${text}]/`)) return null;
  const address = new URL(`http://[${text}]/`).host.replace(/^\[(.*)\]$/, "$1");
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join(".");
}
