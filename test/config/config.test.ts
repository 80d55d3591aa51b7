import { expect, test } from "vitest";
import { ConfigError, directoryOf, readConfig } from "../../src/config/config.ts";

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
        commitOn: "close-session",
        reply: false,
        hostId: null,
        hostIdFallbackTimeoutSeconds: 86_400,
        maximumSessionsPerClient: null,
        authorize: "none",
        authorizeUrl: null,
        allowFrom: null,
      },
    ],
    sessionKeys: [KEY],
    publicUrl: null,
    healthPath: "/healthz",
    trustedProxies: [],
    maximumFragmentBytes: 64 * 1024 * 1024,
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

test("the longest prefix wins, without case, and only at a slash", () => {
  const config = readConfig({ ORIGIN_URL, UPLOAD_DIRECTORIES: [{ path: "/u/" }, { path: "/u/deep/" }] });
  expect(directoryOf(config, "/u/deep/er")?.path).toBe("/u/deep/");
  expect(directoryOf(config, "/U/x")?.path).toBe("/u/");
  expect(directoryOf(config, "/ux")).toBeNull();
});

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
  [directory({ maximum_upload_bytes: -1 }),         "UPLOAD_DIRECTORIES[0].maximum_upload_bytes must be a whole number of bytes, 0 or more, but is -1."],
  [directory({ session_timeout_seconds: 0 }),       "UPLOAD_DIRECTORIES[0].session_timeout_seconds must be a whole number of seconds, 1 or more, but is 0."],
  [directory({ enabled: "yes" }),                   'UPLOAD_DIRECTORIES[0].enabled must be true or false, but is "yes".'],
  [{ ORIGIN_URL, SESSION_KEY: "short" },            "SESSION_KEY must be a secret of 32 characters or more, but is something else."],
  [{ ORIGIN_URL, ORIGIN_AUTHORIZATION: "a\r\nb" },  'ORIGIN_AUTHORIZATION must be one line, the value of an Authorization header such as "Basic …", but is something else.'],
])("%j stops with a sentence", (env, message) => {
  expect(() => readConfig(env)).toThrow(new ConfigError(message));
});
