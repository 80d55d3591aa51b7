import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { commitRequest, sentFields, notificationUrl } from "../../src/origin/commit-request.ts";
import type { SessionId } from "../../src/protocol/session-id.ts";

const upload = {
  sessionId: "A0FF5911-4144-45B3-BF27-27AFC8EC8A67" as SessionId,
  destination: "/uploads/a.txt?account=1",
  originalUrl: "http://edge.example/uploads/a.txt?account=1",
  clientAddress: "192.0.2.1",
  commitId: "8b0e",
  digest: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  signedUrls: { entity: "http://edge.example/e", reply: "http://edge.example/r" },
};

function requestFor(settings: object, variables: object = {}) {
  const config = readConfig({
    ORIGIN_URL: "http://iis.example",
    UPLOAD_DIRECTORIES: [{ path: "/uploads/", ...settings }],
    ...variables,
  });
  const directory = config.directories[0];
  if (directory === undefined) throw new Error("the configuration has one directory");
  return commitRequest(upload, directory, config);
}

test("a plain directory: PUT where the file belongs, unless one is there", () => {
  const { method, url, headers } = requestFor({}, { ORIGIN_AUTHORIZATION: "Basic eDp5" });
  expect([method, url]).toEqual(["PUT", "http://iis.example/uploads/a.txt?account=1"]);
  expect(Object.fromEntries(headers)).toEqual({
    "Content-Type": "application/octet-stream",
    "User-Agent": "bits-edge",
    "BITS-Session-Id": "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}",
    "Idempotency-Key": "8b0e",
    "BITS-Original-Request-URL": "http://edge.example/uploads/a.txt?account=1",
    "Repr-Digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    Authorization: "Basic eDp5",
    "X-Forwarded-For": "192.0.2.1",
    "If-None-Match": "*",
  });
});

test("notification by reference: where the entity is, and where a reply may go (ruling 24)", () => {
  const { method, headers, carriesEntity } = requestFor(
    { notification: "by-reference", notification_url: "/r.ashx" },
    { PUBLIC_URL: "http://edge.example" },
  );
  expect([method, carriesEntity]).toEqual(["POST", false]);
  expect(headers.get("BITS-Request-DataFile-Name")).toBe("http://edge.example/e");
  expect(headers.get("BITS-Response-DataFile-Name")).toBe("http://edge.example/r");
});

test("what is sent says that a gateway sends it (RFC 9110 7.6.3)", () => {
  expect(sentFields(requestFor({})).get("Via")).toBe("1.1 bits-edge");
});

test.each(["NTLM TlRMTVNTUAAB", "Negotiate YII="])(
  "ORIGIN_AUTHORIZATION that authenticates a connection is no configuration: %s (ruling 28, what judges identity is never shared)",
  (authorization) => {
    expect(() => requestFor({}, { ORIGIN_AUTHORIZATION: authorization })).toThrow(
      "ORIGIN_AUTHORIZATION must be of a scheme that authenticates a request",
    );
  },
);

test("with overwriting allowed there is no condition", () => {
  expect(requestFor({ allow_overwrites: true }).headers.has("If-None-Match")).toBe(false);
});

test("notification by value: POST to the notification URL, without a condition", () => {
  const { method, url, headers } = requestFor({ notification: "by-value", notification_url: "receive.ashx" });
  expect([method, url]).toEqual(["POST", "http://iis.example/uploads/receive.ashx?account=1"]);
  expect(headers.has("If-None-Match")).toBe(false);
});

// prettier-ignore
test.each([
  // configured                     destination                               notification (Win32 "BITS IIS Extension Properties")
  ["myasp.asp",                     "http://h/myvdir/file.txt",               "http://h/myvdir/myasp.asp"],
  ["/receive.ashx",                 "http://h/myvdir/file.txt",               "http://h/receive.ashx"],
  ["http://other:81/bag.asp",       "http://h/myvdir/file.asp?ACCOUNT=86433", "http://other:81/bag.asp?ACCOUNT=86433"],
  ["bag.asp?x=1",                   "http://h/v/f?ACCOUNT=86433",             "http://h/v/bag.asp?x=1&ACCOUNT=86433"],
])("the notification URL %s for %s is %s", (configured, destination, expected) => {
  expect(notificationUrl({ notificationUrl: configured }, destination)).toBe(expected);
});
