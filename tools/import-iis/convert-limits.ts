import { type Conversion, isTrue, nothing, type Properties, wholeNumber } from "./conversion.ts";
import { quote } from "./quote.ts";

/** What maximum_upload_bytes and session_timeout_seconds may be at most (src/config/config-schema.ts). */
const MOST_BYTES = 1_000_000_000_000n;
const MOST_SECONDS = 315_360_000;
/** More needs the binding UPLOAD_SEGMENTS. */
const WITHOUT_SEGMENTS_BYTES = 9_000_000_000n;
/** "No limit" in Win32 "BITS IIS Extension Properties": 2^64 - 1 less its last four digits. */
const UNLIMITED_BYTES = 1_844_674_407_370_955n;
const DEFAULT_SIZE_APPLIES =
  "the edge's default of 9,000,000,000 bytes applies, because a Durable Object stores 10 GB; docs/configuration.md says how to take more.";
/** BITSNumberOfSessionsLimit where it is not set. */
const DEFAULT_SESSIONS_LIMIT = "50";

/** BITSAllowOverwrites. */
export function convertOverwrites(properties: Properties): Conversion {
  const value = properties.get("BITSAllowOverwrites");
  return value === undefined ? nothing() : { settings: [["allow_overwrites", isTrue(value)]], notes: [] };
}

/** BITSMaximumUploadSize: decimal text; empty for no limit. */
export function convertMaximumSize(properties: Properties): Conversion {
  const value = properties.get("BITSMaximumUploadSize")?.trim();
  if (value === undefined) {
    return nothing(`BITSMaximumUploadSize is not set, which means no limit: ${DEFAULT_SIZE_APPLIES}`);
  }
  const said = `BITSMaximumUploadSize = ${quote(value)}`;
  if (!/^\d*$/.test(value)) return nothing(`${said} is no number: ${DEFAULT_SIZE_APPLIES}`);
  if (value === "" || BigInt(value) >= UNLIMITED_BYTES) {
    return nothing(`${said} means no limit: ${DEFAULT_SIZE_APPLIES}`);
  }
  if (BigInt(value) > MOST_BYTES) {
    const notes = [
      `${said} is more than the edge takes, which is 1 TB; keep the binding UPLOAD_SEGMENTS of wrangler.toml.`,
    ];
    return { settings: [["maximum_upload_bytes", Number(MOST_BYTES)]], notes };
  }
  const notes =
    BigInt(value) > WITHOUT_SEGMENTS_BYTES
      ? [`${said} is more than one object takes: keep the binding UPLOAD_SEGMENTS of wrangler.toml.`]
      : [];
  return { settings: [["maximum_upload_bytes", Number(value)]], notes };
}

/** BITSSessionTimeout: seconds. */
export function convertSessionTimeout(properties: Properties): Conversion {
  const value = properties.get("BITSSessionTimeout");
  if (value === undefined) return nothing();
  const seconds = wholeNumber(value);
  return seconds === null || seconds === 0
    ? nothing(`BITSSessionTimeout = ${quote(value)} is no time to wait: the default of 14 days applies.`)
    : {
        settings: [["session_timeout_seconds", Math.min(seconds, MOST_SECONDS)]],
        notes:
          seconds > MOST_SECONDS
            ? [
                `BITSSessionTimeout = ${quote(value)} is more than ten years, which is the most that the edge waits.`,
              ]
            : [],
      };
}

/** BITSNumberOfSessionsLimit, where BITSSessionLimitEnable turns it on. */
export function convertSessionsLimit(properties: Properties): Conversion {
  const enable = properties.get("BITSSessionLimitEnable");
  const limit = properties.get("BITSNumberOfSessionsLimit");
  if (enable === undefined || !isTrue(enable)) {
    if (limit === undefined) return nothing();
    const why =
      enable === undefined
        ? "without BITSSessionLimitEnable, Microsoft's page calls the limit both on and off; " +
          "set maximum_sessions_per_client if it was on."
        : `BITSSessionLimitEnable = ${quote(enable)} turns it off.`;
    return nothing(`BITSNumberOfSessionsLimit = ${quote(limit)} is not carried over: ${why}`);
  }
  const sessions = wholeNumber(limit ?? DEFAULT_SESSIONS_LIMIT);
  if (sessions === null || sessions === 0) {
    return nothing(`BITSNumberOfSessionsLimit = ${quote(limit ?? "")} is not carried over: it is no limit.`);
  }
  return {
    settings: [["maximum_sessions_per_client", sessions]],
    notes: [
      "maximum_sessions_per_client counts by client address; IIS counted by user, and removed the newest " +
        "sessions when its cleanup task ran.",
    ],
  };
}
