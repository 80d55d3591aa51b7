import ipaddr from "ipaddr.js";
import * as v from "valibot";

/** Two weeks, IIS's BITSSessionTimeout. */
const SESSION_TIMEOUT_SECONDS = 1_209_600;
/** Under the 300 s that a Windows client waits for an Ack ([MC-BUP] 3.1.2.2). */
const ORIGIN_TIMEOUT_SECONDS = 270;
/** Below the 10 GB that one Durable Object stores. */
const MAXIMUM_UPLOAD_BYTES = 9_000_000_000;
/** Windows sends 13 MB at most ([MC-BUP] 6, note 10); ruling 10 asks for 16 MiB at least. */
const MAXIMUM_FRAGMENT_BYTES = 64 * 1024 * 1024;

/** One day, IIS's BITSHostIdFallbackTimeout. */
const HOST_ID_FALLBACK_TIMEOUT_SECONDS = 86_400;
const HOST_ID = "a host name or address, with a port or without, of at most 300 characters";

/** A whole number from `least` up; a variable set on the command line arrives as text. */
const whole = (least: number, expected: string) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))], expected),
    v.safeInteger(expected),
    v.minValue(least, expected),
  );

const SECONDS = whole(1, "a whole number of seconds, 1 or more");
const BYTES = whole(0, "a whole number of bytes, 0 or more");
const BOOLEAN = v.boolean("true or false");
const CIDRS = v.array(
  v.pipe(
    v.string("a list of CIDR ranges such as 192.0.2.0/24"),
    v.check((text) => ipaddr.isValidCIDR(text), "a CIDR range such as 192.0.2.0/24 or 2001:db8::/32"),
  ),
  "a list of CIDR ranges such as 192.0.2.0/24",
);
/** Letters of a path that need no second look; `..`, `\`, `%2F` and the like can not match anything. */
const PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]+\/)*$/;

export const DIRECTORY = v.pipe(
  v.strictObject(
    {
      path: v.optional(
        v.pipe(
          v.string("a path that begins and ends with a slash"),
          v.regex(PATH, "a path that begins and ends with a slash"),
        ),
        "",
      ),
      enabled: v.optional(BOOLEAN, true),
      notification: v.optional(
        v.picklist(["none", "by-value", "by-reference"], '"none", "by-value" or "by-reference"'),
        "none",
      ),
      notification_url: v.optional(
        v.pipe(
          v.string("a URL"),
          v.nonEmpty("a URL"),
          v.maxLength(2200, "a URL of at most 2,200 characters"),
        ),
      ),
      allow_overwrites: v.optional(BOOLEAN, false),
      maximum_upload_bytes: v.optional(BYTES, MAXIMUM_UPLOAD_BYTES),
      session_timeout_seconds: v.optional(SECONDS, SESSION_TIMEOUT_SECONDS),
      origin_timeout_seconds: v.optional(SECONDS, ORIGIN_TIMEOUT_SECONDS),
      commit_on: v.optional(
        v.picklist(["close-session", "last-fragment"], '"close-session" or "last-fragment"'),
        "close-session",
      ),
      reply: v.optional(BOOLEAN, false),
      host_id: v.optional(
        v.pipe(
          v.string(HOST_ID),
          v.regex(/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/, HOST_ID),
          v.maxLength(300, HOST_ID),
        ),
      ),
      host_id_fallback_timeout_seconds: v.optional(
        whole(0, "a whole number of seconds, 0 for none"),
        HOST_ID_FALLBACK_TIMEOUT_SECONDS,
      ),
      maximum_sessions_per_client: v.optional(whole(1, "a whole number of sessions, 1 or more")),
      authorize: v.optional(v.picklist(["none", "origin"], '"none" or "origin"'), "none"),
      authorize_url: v.optional(
        v.pipe(
          v.string("a URL, http or https, or relative"),
          v.check((url) => isHttpUrl(url, "http://origin.invalid/"), "a URL, http or https, or relative"),
        ),
      ),
      allow_from: v.optional(CIDRS),
      unknown_outcome: v.optional(v.picklist(["retry", "hold"], '"retry" or "hold"'), "retry"),
    },
    "a block of settings",
  ),
  v.forward(
    v.check(
      ({ notification, notification_url: url }) =>
        notification === "none" || isHttpUrl(url, "http://origin.invalid/"),
      'a URL (http or https, or relative), because notification is not "none"',
    ),
    ["notification_url"],
  ),
  v.forward(
    v.check(
      ({ reply, notification }) => !reply || notification !== "none",
      'false where notification is "none": only an application can reply',
    ),
    ["reply"],
  ),
);

export const VARIABLES = v.object({
  ORIGIN_URL: v.optional(
    v.pipe(
      v.string("an absolute URL, http or https, such as https://iis.example.com"),
      v.check((url) => isHttpUrl(url), "an absolute URL, http or https, such as https://iis.example.com"),
      v.check((url) => !/[?#]/.test(url), "a URL without a query or a fragment"),
    ),
    "",
  ),
  ORIGIN_CONNECTION: v.optional(
    v.picklist(["auto", "socket", "fetch"], '"auto", "socket" or "fetch"'),
    "auto",
  ),
  UPLOAD_DIRECTORIES: v.optional(v.array(DIRECTORY, "an array of directories, or the same as JSON text"), []),
  PUBLIC_URL: v.optional(
    v.pipe(
      v.string("an absolute URL, http or https, without a path"),
      v.check(
        (url) => isHttpUrl(url) && new URL(url).pathname === "/" && !/[?#]/.test(url),
        "an absolute URL, http or https, without a path",
      ),
    ),
  ),
  HEALTH_PATH: v.optional(
    v.pipe(v.string("a path"), v.regex(/^\/[^?#]+$/, "a path that begins with a slash")),
    "/healthz",
  ),
  TRUSTED_PROXIES: v.optional(CIDRS, []),
  MAXIMUM_FRAGMENT_BYTES: v.optional(whole(1, "a whole number of bytes, 1 or more"), MAXIMUM_FRAGMENT_BYTES),
  HEAD_TIMEOUT_SECONDS: v.optional(SECONDS),
  BODY_IDLE_TIMEOUT_SECONDS: v.optional(SECONDS),
  KEEP_ALIVE_TIMEOUT_SECONDS: v.optional(SECONDS),
  CONNECTIONS_PER_CLIENT: v.optional(whole(1, "a whole number of connections, 1 or more")),
  REQUESTS_PER_CONNECTION: v.optional(whole(1, "a whole number of requests, 1 or more")),
  SESSION_KEY: v.optional(v.pipe(v.string("text"), v.minLength(32, "a secret of 32 characters or more"))),
  SESSION_KEY_PREVIOUS: v.optional(
    v.pipe(v.string("text"), v.minLength(32, "a secret of 32 characters or more")),
  ),
  ORIGIN_AUTHORIZATION: v.optional(
    v.pipe(
      v.string("text"),
      v.regex(/^[\x20-\x7e]+$/, 'one line, the value of an Authorization header such as "Basic …"'),
    ),
  ),
});

function isHttpUrl(text: string | undefined, base?: string): boolean {
  const url = text === undefined ? null : URL.parse(text, base);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}
