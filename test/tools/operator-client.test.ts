import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type CommandEnd, runCommand } from "./command-line.ts";

vi.setConfig({ testTimeout: 60_000 });

const TOKEN = "an operator's token, of 32 characters".replaceAll(/[ ']/g, "-");
const ID = "A0FF5911-4144-45B3-BF27-27AFC8EC8A67";
const ROW = {
  session: ID,
  directory: "/uploads/",
  client: "192.0.2.7",
  destination: "/uploads/\u001b[2Jx.bin",
  total: 10_485_760,
  offset: 5_242_880,
  state: "held",
  attempts: 3,
  lastOutcome: "silent",
  changedAt: Date.now() - 120_000,
  until: Date.now() + 86_400_000,
};

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** The JSON of the operator's page, as it is agreed, by a server of the test. */
const asked: Asked[] = [];
let answer: (request: Asked) => { status?: number; body?: unknown };
const server = createServer((incoming, response) => {
  void serve(incoming, response);
});

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const request = await readAsked(incoming);
  asked.push(request);
  const isKnown = request.authorization === `Bearer ${TOKEN}`;
  const { status = 200, body } = isKnown ? answer(request) : { status: 401, body: { error: "no" } };
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(typeof body === "string" ? body : JSON.stringify(body ?? null));
}

async function readAsked(incoming: IncomingMessage): Promise<Asked> {
  const { method = "", url = "", headers } = incoming;
  return { method, url, authorization: headers.authorization, body: await text(incoming) };
}

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => server.close());
beforeEach(() => {
  asked.length = 0;
  answer = () => ({ body: { sessions: [], next: null } });
});

async function run(...args: readonly string[]): Promise<CommandEnd> {
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const env = { BITS_EDGE_URL: `http://127.0.0.1:${port}`, BITS_EDGE_TOKEN: TOKEN, NO_COLOR: "1" };
  return await runCommand(args, { env });
}

describe("sessions", () => {
  test("asks for a state and a directory, and follows the cursor to the end with --all", async () => {
    answer = ({ url }) =>
      url.includes("cursor=")
        ? { body: { sessions: [{ ...ROW, session: "second" }], next: null } }
        : { body: { sessions: [ROW], next: "a b" } };
    const end = await run("sessions", "--state", "held", "--directory", "/uploads/", "--all", "--json");
    expect(end, end.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(asked.map(({ url }) => url)).toEqual([
      "/_bits/sessions?state=held&directory=%2Fuploads%2F",
      "/_bits/sessions?state=held&directory=%2Fuploads%2F&cursor=a+b",
    ]);
    expect(end.events).toEqual([ROW, { ...ROW, session: "second" }]);
  });

  test("shows a table that does nothing to a terminal, and says that there are more", async () => {
    answer = () => ({ body: { sessions: [ROW], next: "c1" } });
    const end = await run("sessions");
    expect(end.code).toBe(0);
    expect(end.stdout).toMatch(/SESSION +STATE +STORED +TRIES +CHANGED +CLIENT +DESTINATION/);
    expect(end.stdout).toMatch(
      new RegExp(`${ID} +held +50 % of 10\\.0 MiB +3 +\\d+ min(?: \\d+ s)? ago +192\\.0\\.2\\.7 +/uploads/`),
    );
    expect(end.stdout).not.toContain("\u001b");
    expect(end.stderr).toContain('--cursor "c1"');
  });

  test("does not turn in a circle where the edge does", async () => {
    answer = () => ({ body: { sessions: [], next: "c1" } });
    expect(await run("sessions", "--all")).toMatchObject({ code: 1 });
    expect(asked).toHaveLength(2);
  });
});

test("session shows one, whatever the spelling of its id, and what a later edge tells beside the row", async () => {
  answer = () => ({
    body: {
      ...ROW,
      digest: "sha-256=:x:",
      history: [
        { at: 1_000, event: "started" },
        { at: 2_000, event: "cancelled", by: "token" },
      ],
    },
  });
  const end = await run("session", `{${ID.toLowerCase()}}`);
  expect(end, end.stderr).toMatchObject({ code: 0 });
  expect(asked).toMatchObject([{ method: "GET", url: `/_bits/sessions/${ID}` }]);
  expect(end.stdout).toMatch(/state +held\n/);
  expect(end.stdout).toMatch(/digest +sha-256=:x:\n/);
  // What happened is a line each, with its time first.
  expect(end.stdout).toMatch(
    /history +1970-01-01T00:00:01.000Z, event started\n +1970-01-01T00:00:02.000Z, event cancelled, by token\n/,
  );
});

describe("What operators do", () => {
  test.each([
    [["commit", ID], "commit", ""],
    [["cancel", ID], "cancel", ""],
    [["release", ID, "--application", "has-it"], "release", '{"application":"has-it"}'],
    [["release", ID, "--application", "has-it-not"], "release", '{"application":"has-it-not"}'],
  ])("%j is a POST", async (args, deed, body) => {
    answer = () => ({ body: { ...ROW, state: "committed", lastOutcome: "accepted" } });
    expect(await run(...args)).toMatchObject({
      code: 0,
      stderr: "",
      stdout: `${ID}: it is committed now.\n`,
    });
    expect(asked).toMatchObject([{ method: "POST", url: `/_bits/sessions/${ID}/${deed}`, body }]);
  });

  test.each([["commit"], ["release", "--application", "has-it-not"]])(
    "%s is no success where the application has not got it: exit code 3",
    async (command, ...rest) => {
      answer = () => ({ body: { ...ROW, state: "failed", lastOutcome: "applicationRefused" } });
      expect(await run(command, ID, ...rest)).toMatchObject({
        code: 3,
        stdout: `${ID}: it is failed now, after applicationRefused.\n`,
      });
    },
  );

  test("may leave nothing of a session", async () => {
    answer = () => ({ body: null });
    expect(await run("cancel", ID)).toMatchObject({ code: 0, stdout: `${ID}: nothing is left of it.\n` });
  });

  test("is never guessed: release without --application asks nobody, exit code 2", async () => {
    expect(await run("release", ID)).toMatchObject({ code: 2 });
    expect(asked).toEqual([]);
  });
});

describe("An edge that does not do it", () => {
  test.each([
    [{ status: 409, body: { error: "The session is not held." } }, 1, /409.*The session is not held/],
    [{ status: 403, body: {} }, 4, /look, and not act/],
    [{ status: 404, body: {} }, 1, /no such session/],
    [{ status: 503, body: "<html>" }, 3, /503/],
    [{ status: 200, body: "<html>" }, 1, /not JSON/],
    [{ status: 200, body: { sessions: [{}], next: null } }, 1, /not understood \(sessions\.0\.session\)/],
  ])("%j", async (said, code, sentence) => {
    answer = () => said;
    const end = await run(...(code === 1 && said.status === 200 ? ["sessions"] : ["cancel", ID]));
    expect(end).toMatchObject({ code });
    expect(end.stderr).toMatch(sentence);
  });

  test("does not know the token: exit code 4", async () => {
    const end = await run("sessions", "--token", "wrong");
    expect(end).toMatchObject({ code: 4 });
    expect(end.stderr).toContain("OPERATOR_TOKEN");
    expect(end.stderr).not.toContain("wrong");
  });
});
