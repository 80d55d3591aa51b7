import { afterEach, describe, expect, it } from "vitest";
import type { Door } from "../conformance/support.ts";
import { CREATED, expectAck, FORBIDDEN, ofApplication } from "../conformance/expect-ack.ts";
import { type Ack, createSession } from "../support/bits-client.ts";
import { answer, type OriginBehaviour, type OriginRequest } from "../support/origin-behaviour.ts";
import { uploadOf, useStage, valuesOf, withoutHeaders } from "./support.ts";
import { eventually } from "../support/eventually.ts";

/** What the origin says to the HEADs that ask whether a client may; undefined: whether the file is there. */
let decide: (request: OriginRequest) => OriginBehaviour | undefined = () => undefined;

const stage = useStage(() => ({
  directories: [
    { path: "/asks/", authorize: "origin" },
    { path: "/asks-page/", authorize: "origin", authorize_url: "/may-upload.ashx?site=1" },
    { path: "/asks-near/", authorize: "origin", authorize_url: "may-upload.ashx" },
    { path: "/asks-replaces/", authorize: "origin", allow_overwrites: true },
    {
      path: "/asks-page-replaces/",
      authorize: "origin",
      authorize_url: "/may-upload.ashx",
      allow_overwrites: true,
    },
    {
      path: "/asks-notifies/",
      authorize: "origin",
      notification: "by-value",
      notification_url: "/receive.ashx",
    },
  ],
  secrets: { ORIGIN_AUTHORIZATION: "Basic ZWRnZTplZGdl" },
  origin: { behave: (request) => (request.method === "HEAD" ? decide(request) : undefined) },
}));

afterEach(() => {
  decide = () => undefined;
});

async function create(
  directory: string,
  headers: Readonly<Record<string, string>> = {},
  door: Door = "tcp",
): Promise<{ ack: Ack; target: string; asked: OriginRequest[] }> {
  const { bench } = stage();
  const target = bench.target(directory);
  using connection = await bench.open(door);
  const before = bench.origin.requests.length;
  const ack = await createSession(connection, target, {
    verb: door === "tcp" ? "BITS_POST" : "POST",
    headers,
  });
  return { ack, target, asked: bench.origin.requests.slice(before) };
}

const DIRECTORIES = [
  "/asks/",
  "/asks-page/",
  "/asks-near/",
  "/asks-replaces/",
  "/asks-page-replaces/",
  "/asks-notifies/",
];

describe.each(["tcp", "http"] as const)('authorize = "origin", over the %s door', (door) => {
  it.each([
    ["/asks/", null],
    ["/asks-page/", "/may-upload.ashx?site=1"],
    ["/asks-near/", "/asks-near/may-upload.ashx"],
    ["/asks-notifies/", null],
  ])("%s: a HEAD decides, with the client's credentials and address", async (directory, page) => {
    decide = ({ url }) => (url.includes("may-upload") ? answer(200) : undefined);
    const credentials = { Authorization: "Basic YWxpY2U6c2VjcmV0", Cookie: "who=alice" };
    const { ack, target, asked } = await create(directory, { ...credentials, "X-Custom": "no" }, door);
    expectAck(ack, CREATED);
    const [question] = asked;
    expect([question?.method, question?.url]).toEqual(["HEAD", page ?? target]);
    const { bench } = stage();
    expect(question?.headers).toMatchObject({
      authorization: credentials.Authorization,
      cookie: credentials.Cookie,
      "bits-original-request-url": `${door === "tcp" ? bench.edge.tcpUrl : bench.edge.httpUrl}${target}`,
    });
    expect(question?.headers).not.toHaveProperty("x-custom");
    if (door === "tcp") expect(question?.headers["x-forwarded-for"]).toBe("127.0.0.1");
  });
});

describe('authorize = "origin", and the origin says', () => {
  it.each([
    ["/asks/", [404]], // what is not there yet may be uploaded; 2xx is below, with what it says of the file
    ["/asks-page/", [200, 204, 299]],
    ["/asks-replaces/", [200, 204, 404]],
    ["/asks-page-replaces/", [200, 204]],
    ["/asks-notifies/", [200, 204, 404]],
  ] as const)("%s: one of %j, so the session is created", async (directory, statuses) => {
    for (const status of statuses) {
      // The file itself is not there, whoever may upload it.
      decide = ({ url }) =>
        directory.includes("page") && !url.includes("may-upload") ? answer(404) : answer(status);
      expectAck((await create(directory)).ack, CREATED);
    }
  });

  it.each(["/asks-page/", "/asks-near/", "/asks-page-replaces/"])(
    "%s: 404 of the page that decides is no leave",
    async (directory) => {
      decide = () => answer(404);
      expectAck((await create(directory)).ack, ofApplication(404));
    },
  );

  it.each(DIRECTORIES)("%s: 403: 403 + 0x80070005, and the client gives up", async (directory) => {
    decide = () => answer(403, { "BITS-Error-Code": "0x80041234" });
    expectAck((await create(directory)).ack, FORBIDDEN);
  });

  it.each(DIRECTORIES)("%s: 500 and 503: the same with 0x7, so the client comes back", async (directory) => {
    decide = () => answer(500);
    expectAck((await create(directory)).ack, ofApplication(500));
    decide = () => answer(503);
    expectAck((await create(directory)).ack, ofApplication(503));
    decide = () => answer(302, { Location: "/login" });
    expectAck((await create(directory)).ack, ofApplication(502, 302));
  });

  it("nothing, because nobody is there: no session, and the client comes back", async () => {
    const { bench } = stage();
    await bench.origin.pause();
    const { ack } = await create("/asks/");
    await bench.origin.resume();
    expect(ack.status).toBeGreaterThanOrEqual(502);
    expect(ack.status).toBeLessThanOrEqual(504);
    expect(ack.errorContext).toBe(0x7);
    expect(ack.sessionId).toBeUndefined();
  });

  it("nothing for 15 seconds: 504 with 0x7", async () => {
    decide = () => ({ kind: "hang" });
    const { ack } = await create("/asks/");
    expectAck(ack, ofApplication(504, "0x80072EE2"));
  });

  it("nothing, by hanging up: no session", async () => {
    decide = () => ({ kind: "close" });
    const { ack } = await create("/asks/");
    expect([502, 503, 504]).toContain(ack.status);
    expect(ack.sessionId).toBeUndefined();
  });
});

describe('authorize = "origin", and 401', () => {
  it.each([
    ["tcp", "/asks/"],
    ["tcp", "/asks-page/"],
    ["http", "/asks/"],
  ] as const)(
    "the client answers the challenge and uploads (%s, %s; [MC-BUP] 3.1.5.1.7)",
    async (door, directory) => {
      const granted = "Basic YWxpY2U6c2VjcmV0";
      decide = ({ headers, url }) => {
        if (headers["authorization"] !== granted)
          return answer(401, { "WWW-Authenticate": 'Basic realm="iis"' });
        return url.includes("may-upload") ? answer(200) : answer(404);
      };
      const { bench } = stage();
      const target = bench.target(directory);
      using connection = await bench.open(door);
      const verb = door === "tcp" ? "BITS_POST" : "POST";
      // As WinHTTP does: without credentials, then with the wrong ones, then with the right ones, on one connection.
      for (const headers of [{}, { Authorization: "Basic d3Jvbmc6d3Jvbmc=" }]) {
        const challenged = await createSession(connection, target, { verb, headers });
        expect(valuesOf(challenged, "WWW-Authenticate")).toEqual(['Basic realm="iis"']);
        // The status says it all (section 9-2).
        expectAck(withoutHeaders(challenged, "WWW-Authenticate"), { status: 401 });
      }
      decideAfterwards(granted);
      const ack = await createSession(connection, target, { verb, headers: { Authorization: granted } });
      expectAck(ack, CREATED);
      const headers = { Authorization: granted, Cookie: "who=alice" };
      const upload = uploadOf({ ack, target, bytes: Buffer.from("hello") }, connection, { verb, headers });
      expectAck(await upload.send(), { sessionId: upload.sessionId, offset: 5 });
      expectAck(await upload.close(), upload.done);
      await bench.expectPublished(target, upload.bytes);
      // The client's credentials went with the question alone; the commit is the edge's own.
      const commit = bench.commitsOf(target)[0]?.headers;
      expect(commit?.["authorization"]).toBe("Basic ZWRnZTplZGdl");
      expect(commit).not.toHaveProperty("cookie");
    },
  );

  it("several challenges reach the client, but for those that authenticate a shared connection (ruling 28)", async () => {
    decide = () => answer(401, { "WWW-Authenticate": 'Negotiate, Basic realm="iis, NTLM", NTLM, Bearer' });
    const { ack, target } = await create("/asks/");
    expect(valuesOf(ack, "WWW-Authenticate").join("; ")).toBe('Basic realm="iis, NTLM"; Bearer');
    await expectRemoval(target, "WWW-Authenticate");
  });

  it.each(["NTLM TlRMTVNTUAABAAAA", "Negotiate YIIZ"])(
    "credentials of such a scheme do not reach the origin: %s",
    async (credentials) => {
      decide = ({ headers }) => answer(headers["authorization"] === undefined ? 404 : 403);
      const { ack, target, asked } = await create("/asks/", { Authorization: credentials });
      expectAck(ack, CREATED);
      expect(asked[0]?.headers).not.toHaveProperty("authorization");
      await expectRemoval(target, "Authorization");
    },
  );
});

/** One line of the log says what was taken out. */
async function expectRemoval(path: string, fields: string): Promise<void> {
  await eventually(() => {
    const lines = stage().bench.edge.logs.map(({ json }) => json as Record<string, unknown> | undefined);
    const ours = lines.filter(
      (line) => line?.["event"] === "connection-auth-removed" && line["path"] === path,
    );
    expect(ours.map((line) => line?.["fields"])).toEqual([fields]);
  });
}

describe("A question goes through the edge as through any gateway", () => {
  it("Via names those before it, and the edge (RFC 9110 7.6.3)", async () => {
    decide = () => answer(404);
    const { asked } = await create("/asks/", { Via: "1.1 gateway" });
    expect(asked.map(({ headers }) => headers["via"])).toEqual(["1.1 gateway, 1.1 bits-edge"]);
  });

  it("an origin that resets each kept connection on its second request is asked again", async () => {
    let isSecond = false;
    decide = () => {
      isSecond = !isSecond;
      return isSecond ? answer(404) : { kind: "reset", when: "before-body" };
    };
    for (let turn = 0; turn < 6; turn++) expectAck((await create("/asks/")).ack, CREATED);
  });
});

/** From here on the page that decides asks for `granted`, and no file is there. */
function decideAfterwards(granted: string): void {
  decide = ({ headers, url }) => {
    if (url.includes("may-upload")) return headers["authorization"] === granted ? answer(200) : answer(401);
    return answer(404);
  };
}

describe('authorize = "origin", and a file is there (ruling 13)', () => {
  it.each([
    ["/asks/", false],
    ["/asks-page/", false],
    ["/asks-replaces/", true],
    ["/asks-page-replaces/", true],
    ["/asks-notifies/", true],
  ])("%s: may be created: %s", async (directory, isAllowed) => {
    decide = () => answer(200);
    const { ack, asked } = await create(directory);
    expectAck(ack, isAllowed ? CREATED : FORBIDDEN);
    // One answer says both where the destination is asked.
    expect(asked.map(({ method }) => method)).toEqual(
      directory === "/asks-page/" ? ["HEAD", "HEAD"] : ["HEAD"],
    );
  });

  it("the file is asked for with the edge's own credentials, the leave with the client's", async () => {
    decide = ({ url }) => (url.includes("may-upload") ? answer(200) : undefined);
    const { ack, asked } = await create("/asks-page/", { Authorization: "Basic YWxpY2U6c2VjcmV0" });
    expectAck(ack, CREATED);
    expect(asked.map(({ headers }) => headers["authorization"])).toEqual([
      "Basic YWxpY2U6c2VjcmV0",
      "Basic ZWRnZTplZGdl",
    ]);
    expect(asked[1]?.headers).not.toHaveProperty("cookie");
  });

  it("401 before 403: who may not know learns nothing of the file", async () => {
    decide = ({ url }) =>
      url.includes("may-upload") ? answer(401, { "WWW-Authenticate": "NTLM" }) : answer(200);
    const { ack, asked } = await create("/asks-page/");
    expect(ack.status).toBe(401);
    expect(asked).toHaveLength(1);
  });
});
