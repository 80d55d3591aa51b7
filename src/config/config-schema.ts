import * as v from "valibot";
import { DENIED_EXTENSIONS, DENIED_SEGMENTS } from "../protocol/name-policy.ts";
import { OPERATOR_VARIABLES, SECRET } from "./operator-settings.ts";
import { PLACEMENT_VARIABLES } from "./places.ts";
import {
  BOOLEAN,
  CIDRS,
  EXTENSIONS,
  LIFETIME,
  SEGMENTS,
  SWITCH,
  TIMER,
  url,
  whole,
} from "./setting-kinds.ts";

/** Two weeks, IIS's BITSSessionTimeout. */
const SESSION_TIMEOUT_SECONDS = 1_209_600;
/** Under the 300 s that a Windows client waits for an Ack ([MC-BUP] 3.1.2.2). */
const ORIGIN_TIMEOUT_SECONDS = 270;
/** Below the 10 GB that one Durable Object stores: so much of an upload its session's own object takes. */
export const WITHOUT_SEGMENTS_BYTES = 9_000_000_000;
/** What segments take; a row's key has room for 1 TiB (session-tables.ts). */
const WITH_SEGMENTS_BYTES = 1_000_000_000_000;
/** Windows sends 13 MB at most ([MC-BUP] 6, note 10); ruling 10, limits of size, asks for 16 MiB at least. */
const MAXIMUM_FRAGMENT_BYTES = 64 * 1024 * 1024;

/** Under IIS's own limit, 30,000,000 bytes (maxAllowedContentLength). */
const ORIGIN_FRAGMENT_BYTES = 4 * 1024 * 1024;

const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/;
const HOST_ID = "a host name or address, with a port or without, of at most 300 characters";

/** A session id has one byte for the object in which the session lives. */
const MOST_SESSION_OBJECTS = 255;

const RELATIVE_URL = "a URL, http or https, or relative";
/** A base for reading relative URLs, and nothing else. */
const ANY_BASE = "http://origin.invalid/";
const ORIGIN_URL = "an absolute URL, http or https, such as https://iis.example.com";
const PUBLIC_URL = "an absolute URL, http or https, without a path";

/** Letters of a path that need no escape; contradictions.ts looks at the names between its slashes. */
const PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]+\/)*$/;

export const DIRECTORY = v.strictObject(
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
        url(RELATIVE_URL, ANY_BASE),
        v.nonEmpty(RELATIVE_URL),
        v.maxLength(2200, "a URL of at most 2,200 characters"),
      ),
    ),
    allow_overwrites: v.optional(BOOLEAN, false),
    maximum_upload_bytes: v.optional(
      whole(0, "a whole number of bytes, from 0 to 1,000,000,000,000", WITH_SEGMENTS_BYTES),
      WITHOUT_SEGMENTS_BYTES,
    ),
    session_timeout_seconds: v.optional(LIFETIME, SESSION_TIMEOUT_SECONDS),
    origin_timeout_seconds: v.optional(TIMER, ORIGIN_TIMEOUT_SECONDS),
    commit_on: v.optional(
      v.picklist(["close-session", "last-fragment"], '"close-session" or "last-fragment"'),
    ),
    reply: v.optional(BOOLEAN, false),
    host_id: v.optional(v.pipe(v.string(HOST_ID), v.regex(HOST, HOST_ID), v.maxLength(300, HOST_ID))),
    host_id_fallback_timeout_seconds: v.optional(whole(0, "a whole number of seconds, 0 for none")),
    maximum_sessions_per_client: v.optional(whole(1, "a whole number of sessions, 1 or more")),
    authorize: v.optional(v.picklist(["none", "origin"], '"none" or "origin"'), "none"),
    authorize_url: v.optional(url(RELATIVE_URL, ANY_BASE)),
    allow_from: v.optional(CIDRS),
    deny_extensions: v.optional(EXTENSIONS, [...DENIED_EXTENSIONS]),
    allow_extensions: v.optional(EXTENSIONS),
    deny_segments: v.optional(SEGMENTS, [...DENIED_SEGMENTS]),
    handover: v.optional(v.picklist(["request", "bits"], '"request" or "bits"'), "request"),
    origin_fragment_bytes: v.optional(
      whole(65_536, "a whole number of bytes, 65,536 or more", MAXIMUM_FRAGMENT_BYTES),
      ORIGIN_FRAGMENT_BYTES,
    ),
    origin_hosts: v.optional(
      v.array(v.pipe(v.string(HOST_ID), v.regex(HOST, HOST_ID)), "a list of hosts"),
      [],
    ),
    unknown_outcome: v.optional(v.picklist(["retry", "hold"], '"retry" or "hold"'), "retry"),
  },
  "a block of settings",
);

export const VARIABLES = v.object({
  ORIGIN_URL: v.optional(
    v.pipe(
      url(ORIGIN_URL),
      v.check((text) => !/[?#]/.test(text), "a URL without a query or a fragment"),
    ),
    "",
  ),
  ORIGIN_CONNECTION: v.optional(
    v.picklist(["auto", "socket", "fetch"], '"auto", "socket" or "fetch"'),
    "auto",
  ),
  ORIGIN: v.optional(v.custom<object>(isFetcher, "a binding with a fetch method: a VPC service, say")),
  UPLOAD_SEGMENTS: v.optional(v.custom<object>(isNamespace, "a binding of the class UploadSegment")),
  UPLOAD_DIRECTORIES: v.optional(v.array(DIRECTORY, "an array of directories, or the same as JSON text"), []),
  PUBLIC_URL: v.optional(
    v.pipe(
      url(PUBLIC_URL),
      v.check((text) => URL.parse(text)?.pathname === "/" && !/[?#]/.test(text), PUBLIC_URL),
    ),
  ),
  HEALTH_PATH: v.optional(
    v.pipe(v.string("a path"), v.regex(/^\/[^?#]+$/, "a path that begins with a slash")),
    "/healthz",
  ),
  TRUSTED_PROXIES: v.optional(CIDRS, []),
  PROXY_PROTOCOL: v.optional(SWITCH, false),
  SESSION_OBJECTS: v.optional(whole(0, "a whole number of objects, 0 to 255", MOST_SESSION_OBJECTS), 0),
  ...PLACEMENT_VARIABLES,
  MAXIMUM_FRAGMENT_BYTES: v.optional(whole(1, "a whole number of bytes, 1 or more"), MAXIMUM_FRAGMENT_BYTES),
  HEAD_TIMEOUT_SECONDS: v.optional(TIMER),
  BODY_IDLE_TIMEOUT_SECONDS: v.optional(TIMER),
  ANSWER_IDLE_TIMEOUT_SECONDS: v.optional(TIMER),
  KEEP_ALIVE_TIMEOUT_SECONDS: v.optional(TIMER),
  CONNECTIONS_PER_CLIENT: v.optional(whole(1, "a whole number of connections, 1 or more")),
  REQUESTS_PER_CONNECTION: v.optional(whole(1, "a whole number of requests, 1 or more")),
  MAXIMUM_CONNECTIONS: v.optional(whole(1, "a whole number of connections, 1 or more")),
  CLUSTER_READY_URL: v.optional(url("an absolute URL, http or https")),
  SESSION_KEY: v.optional(SECRET),
  SESSION_KEY_PREVIOUS: v.optional(SECRET),
  ...OPERATOR_VARIABLES,
  ORIGIN_AUTHORIZATION: v.optional(
    v.pipe(
      v.string("text"),
      v.regex(/^[\x20-\x7e]+$/, 'one line, the value of an Authorization header such as "Basic …"'),
      v.check(
        (text) => !/^(?:ntlm|negotiate|nego2)(?![\w-])/i.test(text),
        "of a scheme that authenticates a request, such as Basic; NTLM and Negotiate authenticate a connection",
      ),
    ),
  ),
});

function isNamespace(value: unknown): boolean {
  return typeof value === "object" && value !== null && "getByName" in value;
}

function isFetcher(value: unknown): boolean {
  return typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
}
