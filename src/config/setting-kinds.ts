import ipaddr from "ipaddr.js";
import * as v from "valibot";

/** A whole number from `least` to `most`; a variable set on the command line arrives as text. */
export const whole = (least: number, expected: string, most = Number.MAX_SAFE_INTEGER) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))], expected),
    v.safeInteger(expected),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  );

/** A timer of more than 2^31 - 1 milliseconds rings at once (HTML, "timers": the timeout is a long). */
export const TIMER = whole(1, "a whole number of seconds, from 1 to 2,147,483", 2_147_483);
/** Ten years: beyond any job's life ([MC-BUP] clients give up after 14 days), and within every date. */
export const LIFETIME = whole(1, "a whole number of seconds, from 1 to 315,360,000", 315_360_000);
export const BOOLEAN = v.boolean("true or false");
/** A variable that is set on the command line, or by the environment, arrives as text. */
export const SWITCH = v.union(
  [
    BOOLEAN,
    v.pipe(
      v.picklist(["true", "false"]),
      v.transform((text) => text === "true"),
    ),
  ],
  "true or false",
);
export const CIDRS = v.array(
  v.pipe(
    v.string("a list of CIDR ranges such as 192.0.2.0/24"),
    v.check(isRange, "a CIDR range such as 192.0.2.0/24 or 2001:db8::/32, of IPv4 in its own form"),
  ),
  "a list of CIDR ranges such as 192.0.2.0/24",
);
const EXTENSION = 'an extension such as ".config", or "." for names without one';
export const EXTENSIONS = v.array(
  v.pipe(v.string(EXTENSION), v.regex(/^\.[^./\\;]*$/, EXTENSION), v.toLowerCase()),
  "a list of extensions",
);
const SEGMENT = 'a name of a file or folder such as "bin"';
export const SEGMENTS = v.array(
  v.pipe(v.string(SEGMENT), v.regex(/^[^/\\;]+$/, SEGMENT), v.toLowerCase()),
  "a list of names",
);
/** A URL of http or https, without a name and password: the edge would show them with the URL. */
export const url = (expected: string, base?: string) =>
  v.pipe(
    v.string(expected),
    v.check((text) => isHttpUrl(text, base), expected),
    v.check((text) => !hasCredentials(text, base), `${expected}, without a user's name and password`),
  );

function isHttpUrl(text: string, base?: string): boolean {
  const parsed = URL.parse(text, base);
  return parsed !== null && (parsed.protocol === "http:" || parsed.protocol === "https:");
}

function hasCredentials(text: string, base?: string): boolean {
  const parsed = URL.parse(text, base);
  return parsed !== null && parsed.username + parsed.password !== "";
}

/** No address is in an IPv4-mapped range: such addresses become IPv4 before they are compared. */
function isRange(text: string): boolean {
  if (!ipaddr.isValidCIDR(text)) return false;
  const [address] = ipaddr.parseCIDR(text);
  return !(address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress());
}
