import { expect, test } from "vitest";
import { ConfigError, directoryOf, readConfig } from "../../src/config/config.ts";
import { DENIED_EXTENSIONS, DENIED_SEGMENTS } from "../../src/protocol/name-policy.ts";

const ORIGIN_URL = "http://127.0.0.1:8790";
const KEY = "0123456789abcdef0123456789abcdef";

test("a minimal configuration gets IIS's defaults", () => {
  const config = readConfig({
    ORIGIN_URL: `${ORIGIN_URL}/base/`,
    UPLOAD_DIRECTORIES: [{ path: "/uploads/" }],
    SESSION_KEY: KEY,
  });
  expect(config).toEqual({
    originUrl: `${ORIGIN_URL}/base`,
    originAuthorization: null,
    originConnection: "auto",
    directories: [
      {
        path: "/uploads/",
        enabled: true,
        notification: "none",
        notificationUrl: null,
        allowOverwrites: false,
        maximumUploadBytes: 9_000_000_000,
        sessionTimeoutSeconds: 1_209_600,
        originTimeoutSeconds: 270,
        unknownOutcome: "retry",
        handover: "request",
        originFragmentBytes: 4_194_304,
        originHosts: [],
        commitOn: "close-session",
        reply: false,
        hostId: null,
        hostIdFallbackTimeoutSeconds: 86_400,
        maximumSessionsPerClient: null,
        authorize: "none",
        authorizeUrl: null,
        allowFrom: null,
        denyExtensions: DENIED_EXTENSIONS,
        allowExtensions: null,
        denySegments: DENIED_SEGMENTS,
      },
    ],
    sessionKeys: [KEY],
    publicUrl: null,
    healthPath: "/healthz",
    clusterReadyUrl: null,
    trustedProxies: [],
    sessionObjects: 0,
    placement: { jurisdiction: null, locationHint: null },
    answerIdleTimeoutSeconds: null,
    maximumFragmentBytes: 64 * 1024 * 1024,
    operator: { path: "/_bits/", token: null, readToken: null, access: null },
    door: {},
  });
});

test("directories may come as JSON text, numbers as text", () => {
  const config = readConfig({
    ORIGIN_URL,
    UPLOAD_DIRECTORIES: '[{"path":"/u/","session_timeout_seconds":"60"}]',
    KEEP_ALIVE_TIMEOUT_SECONDS: "5",
  });
  expect(config.directories[0]?.sessionTimeoutSeconds).toBe(60);
  expect(config.door).toEqual({ keepAliveTimeoutSeconds: 5 });
});

test.each([true, "true"])(
  "PROXY_PROTOCOL = %j: connections from TRUSTED_PROXIES begin with a header",
  (value) => {
    const { door } = readConfig({ ORIGIN_URL, PROXY_PROTOCOL: value, TRUSTED_PROXIES: ["192.0.2.0/24"] });
    const peers = ["192.0.2.1", "::ffff:192.0.2.1", "198.51.100.7", "::1"];
    expect(peers.filter((peer) => door.isAnnounced?.(peer))).toEqual(peers.slice(0, 2));
  },
);

test("the longest prefix wins, without case, and only at a slash", () => {
  const config = readConfig({ ORIGIN_URL, UPLOAD_DIRECTORIES: [{ path: "/u/" }, { path: "/u/deep/" }] });
  expect(directoryOf(config, "/u/deep/er")?.path).toBe("/u/deep/");
  expect(directoryOf(config, "/U/x")?.path).toBe("/u/");
  expect(directoryOf(config, "/ux")).toBeNull();
});

const TOLD = { notification: "by-value", notification_url: "/told" } as const;
const directory = (settings: object) => ({ ORIGIN_URL, UPLOAD_DIRECTORIES: [{ path: "/u/", ...settings }] });

// prettier-ignore
test.each([
  [{},                                              "ORIGIN_URL must be an absolute URL, http or https, such as https://iis.example.com, but is not set."],
  [{ ORIGIN_URL: "ftp://x" },                       'ORIGIN_URL must be an absolute URL, http or https, such as https://iis.example.com, but is "ftp://x".'],
  [{ ORIGIN_URL: `${ORIGIN_URL}/?a` },              'ORIGIN_URL must be a URL without a query or a fragment, but is "http://127.0.0.1:8790/?a".'],
  [{ ORIGIN_URL, ORIGIN_CONNECTION: "udp" },        'ORIGIN_CONNECTION must be "auto", "socket" or "fetch", but is "udp".'],
  [{ ORIGIN_URL, UPLOAD_DIRECTORIES: "nope" },      'UPLOAD_DIRECTORIES must be an array of directories, or the same as JSON text, but is "nope".'],
  [{ ORIGIN_URL, UPLOAD_DIRECTORIES: [{}] },        "UPLOAD_DIRECTORIES[0].path must be a path that begins and ends with a slash, but is not set."],
  [directory({ path: "/u" }),                       'UPLOAD_DIRECTORIES[0].path must be a path that begins and ends with a slash, but is "/u".'],
  [directory({ notification: "email" }),            'UPLOAD_DIRECTORIES[0].notification must be "none", "by-value" or "by-reference", but is "email".'],
  [directory({ notification: "by-value" }),         'UPLOAD_DIRECTORIES[0].notification_url must be a URL (http or https, or relative), because notification is not "none", but is not set.'],
  [directory({ notifcation: "none" }),              "UPLOAD_DIRECTORIES[0].notifcation is no setting; docs/configuration.md lists the settings of a directory."],
  [directory({ maximum_upload_bytes: -1 }),         "UPLOAD_DIRECTORIES[0].maximum_upload_bytes must be a whole number of bytes, from 0 to 1,000,000,000,000, but is -1."],
  [directory({ maximum_upload_bytes: 9_000_000_001 }), "UPLOAD_DIRECTORIES[0].maximum_upload_bytes must be 9,000,000,000 or less, because UPLOAD_SEGMENTS is not bound: a larger upload needs objects of the class UploadSegment, but is 9000000001."],
  [directory({ maximum_upload_bytes: 10 ** 12 + 1 }), "UPLOAD_DIRECTORIES[0].maximum_upload_bytes must be a whole number of bytes, from 0 to 1,000,000,000,000, but is 1000000000001."],
  [directory({ session_timeout_seconds: 0 }),       "UPLOAD_DIRECTORIES[0].session_timeout_seconds must be a whole number of seconds, from 1 to 315,360,000, but is 0."],
  [directory({ enabled: "yes" }),                   'UPLOAD_DIRECTORIES[0].enabled must be true or false, but is "yes".'],
  [{ ORIGIN_URL, SESSION_JURISDICTION: "mars" },    'SESSION_JURISDICTION must be one of eu, fedramp, fedramp-high, us, but is "mars".'],
  [{ ORIGIN_URL, SESSION_LOCATION_HINT: "near" },   'SESSION_LOCATION_HINT must be one of wnam, enam, sam, weur, eeur, apac, apac-ne, apac-se, oc, afr, me, but is "near".'],
  [{ ORIGIN_URL, SESSION_KEY: "short" },            "SESSION_KEY must be a secret of 32 characters or more, but is something else."],
  [{ ORIGIN_URL, ORIGIN_AUTHORIZATION: "a\r\nb" },  'ORIGIN_AUTHORIZATION must be one line, the value of an Authorization header such as "Basic …", but is something else.'],
  [directory({ origin_timeout_seconds: 3e9 }),      "UPLOAD_DIRECTORIES[0].origin_timeout_seconds must be a whole number of seconds, from 1 to 2,147,483, but is 3000000000."],
  [directory({ allow_from: ["::ffff:192.0.2.0/120"] }), 'UPLOAD_DIRECTORIES[0].allow_from[0] must be a CIDR range such as 192.0.2.0/24 or 2001:db8::/32, of IPv4 in its own form, but is "::ffff:192.0.2.0/120".'],
  [directory({ path: "/a/../b/" }),                 'UPLOAD_DIRECTORIES[0].path must be a path in its plainest form, of names that Windows can give to a folder, but is "/a/../b/".'],
  [directory({ path: "/con/" }),                    'UPLOAD_DIRECTORIES[0].path must be a path in its plainest form, of names that Windows can give to a folder, but is "/con/".'],
  [directory({ path: "/u/bits-sessions/" }),        "UPLOAD_DIRECTORIES[0].path must be a path without BITS-Sessions, where a directory shows its sessions' data, but is \"/u/bits-sessions/\"."],
  [directory({ path: "/healthz/" }),                'UPLOAD_DIRECTORIES[0].path must be a path that is not HEALTH_PATH or below it, but is "/healthz/".'],
  [directory({ notification_url: "/told" }),        'UPLOAD_DIRECTORIES[0].notification_url must be left out, because notification is "none": nobody is notified, but is "/told".'],
  [directory({ unknown_outcome: "hold" }),          'UPLOAD_DIRECTORIES[0].unknown_outcome must be "retry", because notification is "none": a PUT of a file may be repeated, but is "hold".'],
  [directory({ authorize_url: "/may" }),            'UPLOAD_DIRECTORIES[0].authorize_url must be left out, because authorize is not "origin", but is "/may".'],
  [directory({ host_id_fallback_timeout_seconds: 0 }), "UPLOAD_DIRECTORIES[0].host_id_fallback_timeout_seconds must be left out, because host_id is not set, but is 0."],
  [directory({ reply: true }),                      'UPLOAD_DIRECTORIES[0].reply must be false where notification is "none": only an application can reply, but is true.'],
  [directory({ ...TOLD, reply: true, commit_on: "close-session" }), 'UPLOAD_DIRECTORIES[0].commit_on must be "last-fragment" or left out, because reply is true: the last Fragment\'s Ack says where the reply is, but is "close-session".'],
  [directory({ ...TOLD, notification: "by-reference" }), 'PUBLIC_URL must be an absolute URL, http or https, because the notification of a directory is "by-reference": a client could name another host for the application to fetch the upload from, but is not set.'],
  [directory({ handover: "ftp" }),                  'UPLOAD_DIRECTORIES[0].handover must be "request" or "bits", but is "ftp".'],
  [directory({ ...TOLD, handover: "bits" }),        'UPLOAD_DIRECTORIES[0].notification must be "none" or left out, because handover is "bits": the origin\'s BITS server notifies its application itself, but is "by-value".'],
  [directory({ origin_hosts: ["iis2"] }),           'UPLOAD_DIRECTORIES[0].origin_hosts must be left out, because handover is not "bits", but is ["iis2"].'],
  [directory({ origin_fragment_bytes: 1 }),         "UPLOAD_DIRECTORIES[0].origin_fragment_bytes must be a whole number of bytes, 65,536 or more, but is 1."],
  [{ ...directory({ handover: "bits" }), ORIGIN_CONNECTION: "fetch" }, 'ORIGIN_CONNECTION must be "auto" or "socket", because the handover of a directory is "bits": fetch cannot say BITS_POST, but is "fetch".'],
  [{ ORIGIN_URL, ORIGIN: "https://iis" },           'ORIGIN must be a binding with a fetch method: a VPC service, say, but is "https://iis".'],
  [{ ORIGIN_URL, ORIGIN_AUTHORIZATION: "NTLM TlRM" }, "ORIGIN_AUTHORIZATION must be of a scheme that authenticates a request, such as Basic; NTLM and Negotiate authenticate a connection, but is something else."],
  [{ ORIGIN_URL, PROXY_PROTOCOL: "yes" },           'PROXY_PROTOCOL must be true or false, but is "yes".'],
  [{ ORIGIN_URL, PROXY_PROTOCOL: true },            "PROXY_PROTOCOL must be false, or TRUSTED_PROXIES set: a header of the PROXY protocol is believed of nobody else, but is true."],
  [{ ORIGIN_URL, HEALTH_PATH: "/a//b" },            'HEALTH_PATH must be a path in its plainest form, but is "/a//b".'],
  [{ ORIGIN_URL, OPERATOR_TOKEN: "short" },         "OPERATOR_TOKEN must be a secret of 32 characters or more, but is something else."],
  [{ ORIGIN_URL, OPERATOR_READ_TOKEN: `${KEY} ` },  "OPERATOR_READ_TOKEN must be a secret of letters, digits and signs, without spaces, but is something else."],
  [{ ORIGIN_URL, OPERATOR_TOKEN: KEY, OPERATOR_READ_TOKEN: KEY }, "OPERATOR_READ_TOKEN must be another secret than OPERATOR_TOKEN, but is something else."],
  [{ ORIGIN_URL, OPERATOR_PATH: "/" },              'OPERATOR_PATH must be a path that begins and ends with a slash, of letters, digits and "._~-", and is not the root, but is "/".'],
  [{ ORIGIN_URL, OPERATOR_PATH: "/a/../b/" },       'OPERATOR_PATH must be a path in its plainest form, but is "/a/../b/".'],
  [{ ORIGIN_URL, OPERATOR_PATH: "/a/", HEALTH_PATH: "/a/health" }, 'OPERATOR_PATH must be a path that HEALTH_PATH is not below, but is "/a/".'],
  [{ ...directory({}), OPERATOR_PATH: "/U/seat/" }, 'OPERATOR_PATH must be a path that is in no upload directory, but is "/U/seat/".'],
  [directory({ path: "/_BITS/in/" }),               'UPLOAD_DIRECTORIES[0].path must be a path that is not OPERATOR_PATH or below it, but is "/_BITS/in/".'],
  [{ ORIGIN_URL, ACCESS_AUD: "a" },                 "ACCESS_TEAM_DOMAIN must be set, because ACCESS_AUD is: its keys say who signed, but is not set."],
  [{ ORIGIN_URL, ACCESS_TEAM_DOMAIN: "https://a.cloudflareaccess.com" }, "ACCESS_AUD must be set, because ACCESS_TEAM_DOMAIN is, and without it a token for each application of the team would do, but is not set."],
  [{ ORIGIN_URL, ACCESS_TEAM_DOMAIN: "http://a.example", ACCESS_AUD: "a" }, 'ACCESS_TEAM_DOMAIN must be the URL of a Cloudflare Access team, such as https://example.cloudflareaccess.com, but is "http://a.example".'],
  [{ ORIGIN_URL, SESSION_KEY_PREVIOUS: KEY },       "SESSION_KEY must be set, because SESSION_KEY_PREVIOUS is, which signs nothing new, but is not set."],
])("%j stops with a sentence", (env, message) => {
  expect(() => readConfig(env)).toThrow(new ConfigError(message));
});

test("two directories of one path, in any case, are refused, both by name", () => {
  const UPLOAD_DIRECTORIES = [{ path: "/u/" }, { path: "/v/" }, { path: "/U/" }];
  expect(() => readConfig({ ORIGIN_URL, UPLOAD_DIRECTORIES })).toThrow(
    /^UPLOAD_DIRECTORIES\[0\]\.path must be another path .*"\/u\/"\. UPLOAD_DIRECTORIES\[2\]\.path must be another .*"\/U\/"\.$/,
  );
});

test("every setting that is wrong is named at once, each once", () => {
  const env = {
    ...directory({ enabled: 1, notifcation: 2 }),
    ORIGIN_URL: "nowhere",
    MAXIMUM_FRAGMENT_BYTES: "16M",
  };
  const wrong = () => readConfig(env);
  expect(wrong).toThrow(/ORIGIN_URL must/);
  expect(wrong).toThrow(/MAXIMUM_FRAGMENT_BYTES must/);
  expect(wrong).toThrow(/\.enabled must/);
  expect(wrong).toThrow(/\.notifcation is no setting/);
  expect(wrong).not.toThrow(/ORIGIN_URL.*ORIGIN_URL/);
});

const CREDENTIALS = "http://jane:secret@host.example";
// prettier-ignore
test.each([
  ["ORIGIN_URL",       { ORIGIN_URL: CREDENTIALS }],
  ["ORIGIN_URL",       { ORIGIN_URL: "http://jane:sec/ret@host.example" }],
  ["ORIGIN_URL",       { ORIGIN_URL: "jane:secret@host.example" }],
  ["ORIGIN_URL",       { ORIGIN_URL: "http://secret@host.example" }],
  ["PUBLIC_URL",       { ORIGIN_URL, PUBLIC_URL: CREDENTIALS }],
  ["notification_url", directory({ ...TOLD, notification_url: CREDENTIALS })],
  ["authorize_url",    directory({ authorize: "origin", authorize_url: `${CREDENTIALS}/may` })],
  ["UPLOAD_DIRECTORIES", { ORIGIN_URL, UPLOAD_DIRECTORIES: `[{"path":"/u/","notification_url":"${CREDENTIALS}"` }],
])("a user's name and password in %s are refused, and not shown: %j", (name, env) => {
  let message = "";
  try {
    readConfig(env);
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain(name);
  expect(message).not.toMatch(/secret|sec\/ret|jane/);
});
