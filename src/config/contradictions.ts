import type * as v from "valibot";
import { DATA_FOLDER, refuseDestination } from "../protocol/destination.ts";
import { canonicalPath, pathKey } from "./canonical-path.ts";
import type { Problem } from "./config-error.ts";
import { type DIRECTORY, type VARIABLES, WITHOUT_SEGMENTS_BYTES } from "./config-schema.ts";

type Variables = v.InferOutput<typeof VARIABLES>;
type Directory = v.InferOutput<typeof DIRECTORY>;

/** A setting that is well formed, but means nothing, or nothing good, together with the others. */
interface Rule<Settings> {
  readonly setting: keyof Settings & string;
  readonly isBroken: (settings: Settings, all: Variables) => boolean;
  readonly expected: string;
}

const OF_DIRECTORY: readonly Rule<Directory>[] = [
  {
    setting: "path",
    isBroken: ({ path }) => canonicalPath(path) !== path || refuseDestination(`${path}file`) !== null,
    expected: "a path in its plainest form, of names that Windows can give to a folder",
  },
  {
    setting: "path",
    isBroken: ({ path }) => path.toLowerCase().includes(`/${DATA_FOLDER.toLowerCase()}/`),
    expected: `a path without ${DATA_FOLDER}, where a directory shows its sessions' data`,
  },
  {
    setting: "path",
    isBroken: ({ path }, { HEALTH_PATH }) => pathKey(path).startsWith(`${pathKey(HEALTH_PATH)}/`),
    expected: "a path that is not HEALTH_PATH or below it",
  },
  {
    setting: "path",
    isBroken: ({ path }, { OPERATOR_PATH }) => pathKey(path).startsWith(pathKey(OPERATOR_PATH)),
    expected: "a path that is not OPERATOR_PATH or below it",
  },
  {
    setting: "path",
    isBroken: ({ path }, { UPLOAD_DIRECTORIES }) =>
      UPLOAD_DIRECTORIES.filter((other) => pathKey(other.path) === pathKey(path)).length > 1,
    expected: "another path than every other directory's, also without regard to case",
  },
  {
    setting: "maximum_upload_bytes",
    isBroken: ({ maximum_upload_bytes: bytes }, { UPLOAD_SEGMENTS }) =>
      bytes > WITHOUT_SEGMENTS_BYTES && UPLOAD_SEGMENTS === undefined,
    expected:
      "9,000,000,000 or less, because UPLOAD_SEGMENTS is not bound: a larger upload needs objects of the class UploadSegment",
  },
  {
    setting: "notification_url",
    isBroken: ({ notification, notification_url: url }) => notification !== "none" && url === undefined,
    expected: 'a URL (http or https, or relative), because notification is not "none"',
  },
  {
    setting: "notification_url",
    isBroken: ({ notification, notification_url: url }) => notification === "none" && url !== undefined,
    expected: 'left out, because notification is "none": nobody is notified',
  },
  {
    setting: "reply",
    isBroken: ({ reply, notification }) => reply && notification === "none",
    expected: 'false where notification is "none": only an application can reply',
  },
  {
    setting: "commit_on",
    isBroken: ({ reply, commit_on: commitOn }) => reply && commitOn === "close-session",
    expected:
      '"last-fragment" or left out, because reply is true: the last Fragment\'s Ack says where the reply is',
  },
  {
    setting: "unknown_outcome",
    isBroken: ({ unknown_outcome: outcome, notification, handover }) =>
      outcome === "hold" && notification === "none" && handover !== "bits",
    expected: '"retry", because notification is "none": a PUT of a file may be repeated',
  },
  {
    setting: "notification",
    isBroken: ({ handover, notification }) => handover === "bits" && notification !== "none",
    expected:
      '"none" or left out, because handover is "bits": the origin\'s BITS server notifies its application itself',
  },
  {
    setting: "origin_hosts",
    isBroken: ({ handover, origin_hosts: hosts }) => handover !== "bits" && hosts.length > 0,
    expected: 'left out, because handover is not "bits"',
  },
  {
    setting: "host_id_fallback_timeout_seconds",
    isBroken: ({ host_id: host, host_id_fallback_timeout_seconds: timeout }) =>
      host === undefined && timeout !== undefined,
    expected: "left out, because host_id is not set",
  },
  {
    setting: "authorize_url",
    isBroken: ({ authorize, authorize_url: url }) => authorize !== "origin" && url !== undefined,
    expected: 'left out, because authorize is not "origin"',
  },
];

const OF_VARIABLES: readonly Rule<Variables>[] = [
  {
    setting: "PUBLIC_URL",
    isBroken: ({ PUBLIC_URL, UPLOAD_DIRECTORIES }) =>
      PUBLIC_URL === undefined &&
      UPLOAD_DIRECTORIES.some(({ notification }) => notification === "by-reference"),
    expected:
      'an absolute URL, http or https, because the notification of a directory is "by-reference": a client could name another host for the application to fetch the upload from',
  },
  {
    setting: "ORIGIN_CONNECTION",
    isBroken: ({ ORIGIN_CONNECTION, UPLOAD_DIRECTORIES }) =>
      ORIGIN_CONNECTION === "fetch" && UPLOAD_DIRECTORIES.some(({ handover }) => handover === "bits"),
    expected: '"auto" or "socket", because the handover of a directory is "bits": fetch cannot say BITS_POST',
  },
  {
    setting: "PROXY_PROTOCOL",
    isBroken: ({ PROXY_PROTOCOL, TRUSTED_PROXIES }) => PROXY_PROTOCOL && TRUSTED_PROXIES.length === 0,
    expected: "false, or TRUSTED_PROXIES set: a header of the PROXY protocol is believed of nobody else",
  },
  {
    setting: "HEALTH_PATH",
    isBroken: ({ HEALTH_PATH }) => canonicalPath(HEALTH_PATH) !== HEALTH_PATH,
    expected: "a path in its plainest form",
  },
  {
    setting: "OPERATOR_PATH",
    isBroken: ({ OPERATOR_PATH }) => canonicalPath(OPERATOR_PATH) !== OPERATOR_PATH,
    expected: "a path in its plainest form",
  },
  {
    setting: "OPERATOR_PATH",
    isBroken: ({ OPERATOR_PATH, UPLOAD_DIRECTORIES }) =>
      UPLOAD_DIRECTORIES.some(({ path }) => path !== "/" && pathKey(OPERATOR_PATH).startsWith(pathKey(path))),
    expected: "a path that is in no upload directory",
  },
  {
    setting: "OPERATOR_PATH",
    isBroken: ({ OPERATOR_PATH, HEALTH_PATH }) => pathKey(HEALTH_PATH).startsWith(pathKey(OPERATOR_PATH)),
    expected: "a path that HEALTH_PATH is not below",
  },
  {
    setting: "OPERATOR_READ_TOKEN",
    isBroken: ({ OPERATOR_TOKEN, OPERATOR_READ_TOKEN }) =>
      OPERATOR_TOKEN !== undefined && OPERATOR_TOKEN === OPERATOR_READ_TOKEN,
    expected: "another secret than OPERATOR_TOKEN",
  },
  {
    setting: "ACCESS_AUD",
    isBroken: ({ ACCESS_TEAM_DOMAIN, ACCESS_AUD }) =>
      ACCESS_TEAM_DOMAIN !== undefined && ACCESS_AUD === undefined,
    expected:
      "set, because ACCESS_TEAM_DOMAIN is, and without it a token for each application of the team would do",
  },
  {
    setting: "ACCESS_TEAM_DOMAIN",
    isBroken: ({ ACCESS_TEAM_DOMAIN, ACCESS_AUD }) =>
      ACCESS_TEAM_DOMAIN === undefined && ACCESS_AUD !== undefined,
    expected: "set, because ACCESS_AUD is: its keys say who signed",
  },
  {
    setting: "SESSION_KEY",
    isBroken: ({ SESSION_KEY, SESSION_KEY_PREVIOUS }) =>
      SESSION_KEY === undefined && SESSION_KEY_PREVIOUS !== undefined,
    expected: "set, because SESSION_KEY_PREVIOUS is, which signs nothing new",
  },
];

/** Finds every setting that makes no sense together with the others. */
export function contradictionsOf(variables: Variables): Problem[] {
  const directories = variables.UPLOAD_DIRECTORIES.flatMap((directory, index) =>
    broken(OF_DIRECTORY, directory, variables, `UPLOAD_DIRECTORIES[${index}].`),
  );
  return [...broken(OF_VARIABLES, variables, variables, ""), ...directories];
}

function broken<Settings>(
  rules: readonly Rule<Settings>[],
  settings: Settings,
  all: Variables,
  prefix: string,
): Problem[] {
  return rules
    .filter(({ isBroken }) => isBroken(settings, all))
    .map(({ setting, expected }) => ({ name: prefix + setting, value: settings[setting], expected }));
}
