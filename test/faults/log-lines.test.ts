import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cancelSession,
  closeSession,
  createSession,
  formatPacketHead,
  fragment,
  type PacketOptions,
  ping,
} from "../support/bits-client.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import { answer } from "../support/origin-behaviour.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { FaultyOrigin } from "./faulty-origin.ts";
import { eventually } from "../support/eventually.ts";

/** What an operator may rely on in every line of the log, and what is never in one. */
type Line = Readonly<Record<string, unknown>> & { readonly event: string };

/** Everything that comes near the edge and is nobody's business. None of it is a part of another. */
const SECRETS = {
  sessionKey: "the-key-that-signs-session-ids-1234",
  originCredentials: "Basic b3JpZ2luOmNyZWRlbnRpYWxz",
  clientCredentials: "Bearer credentials-of-the-client",
  cookie: "cookie-of-the-client",
  query: "token-in-the-query",
  file: "bytes-of-the-file",
  reply: "bytes-of-the-reply",
  refusal: "bytes-of-the-refusal",
  originHeader: "header-of-the-origin",
};
const HEADERS = { Authorization: SECRETS.clientCredentials, Cookie: SECRETS.cookie };
const BYTES = Buffer.from(SECRETS.file.repeat(200_000)).subarray(0, 3_000_000);

const COMMON = ["at", "event", "session", "directory", "destination", "client"];
const OF_OBJECT = [...COMMON, "offset"];
/** Events that are not logged by the session's object. */
const OF_DOORS = new Set(["created", "acked", "abandoned"]);
const ENDED = [
  "attempt",
  "commit",
  "milliseconds",
  "outcome",
  "silence",
  "originStatus",
  "status",
  "hresult",
];
/** Fields of each event that a session can have. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  created: COMMON,
  started: [...OF_OBJECT, "total"],
  resumed: [...OF_OBJECT, "first"],
  staged: [...OF_OBJECT, "bytes"],
  completed: OF_OBJECT,
  "commit-started": [...OF_OBJECT, "attempt"],
  "commit-ended": [...OF_OBJECT, ...ENDED],
  finished: OF_OBJECT,
  discarded: OF_OBJECT,
  cancelled: OF_OBJECT,
  expired: [...OF_OBJECT, "state"],
  acked: [...COMMON, "packet", "offset", "status", "hresult", "fault", "got", "allowed", "milliseconds"],
  abandoned: [...COMMON, "packet", "offset", "milliseconds"],
};
/** The rows of the table in docs/operations.md: the event, and what is said of its own fields. */
const DOCUMENTED = new Map(
  readFileSync(join(import.meta.dirname, "..", "..", "docs", "operations.md"), "utf8")
    .split("\n## Health\n")[0]
    ?.split("\n")
    .map((line) => /^\| `([a-z-]+)` +\|[^|]*\|([^|]*)\|/.exec(line))
    .filter((row) => row !== null)
    .map(([, event = "", own = ""]) => [event, own]),
);
/** Lines that are no event of a session's life: what is wrong by itself, and what the proxy did not pass or believe. */
const OTHERS = [
  "misconfigured",
  "failed",
  "proxy-failed",
  "door-error",
  "connection-auth-removed",
  "forwarded-not-believed",
  "proxy-header-refused",
  "destination-unreadable",
  "origin-session-lost",
  "origin-host-not-listed",
  "operator-login",
  "operator-refused",
  "operator-deed",
];

const notified = { notification: "by-value", notification_url: "/receive.ashx" } as const;
let origin: FaultyOrigin;
let edge: Edge;
beforeAll(async () => {
  origin = await FaultyOrigin.start();
  edge = await startEdge({
    vars: {
      ORIGIN_URL: origin.url,
      UPLOAD_DIRECTORIES: [
        { path: "/files/" },
        { path: "/brief/", session_timeout_seconds: 4 },
        { path: "/notify/", ...notified },
        { path: "/reply/", ...notified, reply: true },
      ],
    },
    secrets: { SESSION_KEY: SECRETS.sessionKey, ORIGIN_AUTHORIZATION: SECRETS.originCredentials },
  });
});
afterAll(async () => {
  await edge.stop();
  await origin.stop();
});

const lines = (): Line[] =>
  edge.logs
    .map(({ json }) => json as Partial<Line> | undefined)
    .filter((line): line is Line => line?.event !== undefined);

/** One session over one door; every packet brings what nobody may read in the log. */
class Client {
  sessionId = "";
  readonly target: string;
  readonly #door: "tcp" | "http";
  readonly #options: PacketOptions;

  private constructor(door: "tcp" | "http", path: string) {
    this.#door = door;
    this.#options = { verb: door === "tcp" ? "BITS_POST" : "POST", headers: HEADERS };
    this.target = `${path}?${SECRETS.query}=1`;
  }

  static async begin(
    door: "tcp" | "http",
    path: string,
    headers: Record<string, string> = {},
  ): Promise<Client> {
    const client = new Client(door, path);
    const options = client.#with(headers);
    await client.#over(async (connection) => {
      client.sessionId = (await createSession(connection, client.target, options)).sessionId ?? "";
      await ping(connection, client.target, options);
    });
    return client;
  }

  async send(first: number, end: number, headers: Record<string, string> = {}): Promise<number> {
    const range = {
      sessionId: this.sessionId,
      first,
      total: BYTES.length,
      bytes: BYTES.subarray(first, end),
    };
    const { status } = await this.#over(async (connection) =>
      fragment(connection, this.target, range, this.#with(headers)),
    );
    return status;
  }

  async leaveInside(first: number, sent: number): Promise<void> {
    const connection = await this.#connect();
    const range = { sessionId: this.sessionId, first, length: BYTES.length - first, total: BYTES.length };
    await connection.send(formatPacketHead(connection, this.target, "Fragment", range, this.#options));
    await connection.send(BYTES.subarray(first, first + sent));
    connection.destroy();
    await this.#told("abandoned");
  }

  async close(): Promise<number> {
    return (await this.#over(async (on) => closeSession(on, this.target, this.sessionId, this.#options)))
      .status;
  }

  async cancel(): Promise<number> {
    return (await this.#over(async (on) => cancelSession(on, this.target, this.sessionId, this.#options)))
      .status;
  }

  async expire(): Promise<void> {
    await this.#told("expired");
  }

  get name(): string {
    return this.sessionId.replace(/[{}]/g, "");
  }

  async #told(event: string): Promise<void> {
    await eventually(() => {
      expect(lines().filter(({ session }) => session === this.name)).toContainEqual(
        expect.objectContaining({ event }),
      );
    });
  }

  #with(headers: Record<string, string>): PacketOptions {
    return { ...this.#options, headers: { ...HEADERS, ...headers } };
  }

  async #connect(): Promise<RawConnection> {
    return RawConnection.open("127.0.0.1", edge[`${this.#door}Port`]);
  }

  async #over<T>(work: (connection: RawConnection) => Promise<T>): Promise<T> {
    using connection = await this.#connect();
    return await work(connection);
  }
}

const digestOf = (bytes: Buffer): string =>
  `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`;

/** Sessions that come to everything that a session can come to; gives their names. */
async function liveThrough(door: "tcp" | "http"): Promise<string[]> {
  const { application } = origin;
  const size = BYTES.length;
  const secretive = { "X-Origin": SECRETS.originHeader };

  const whole = await Client.begin(door, `/files/${door}-whole.bin`);
  expect(await whole.send(0, 1_000)).toBe(200);
  expect(await whole.send(2_000, 3_000)).toBe(416);
  await whole.leaveInside(1_000, 1_500_000);
  expect(await whole.send(0, size)).toBe(200);
  application.queue(answer(507, secretive, SECRETS.refusal));
  expect(await whole.close()).toBe(507);
  origin.fault = ({ socket }) => void socket.resetAndDestroy();
  expect(await whole.close()).toBe(502);
  origin.fault = null;
  expect(await whole.close()).toBe(200);

  const replied = await Client.begin(door, `/reply/${door}-replied.bin`);
  application.queue(answer(200, secretive, SECRETS.reply));
  expect(await replied.send(0, size)).toBe(200);
  expect(await replied.close()).toBe(200);

  const checked = await Client.begin(door, `/notify/${door}-checked.bin`);
  expect(await checked.send(0, size, { "Content-Digest": digestOf(BYTES) })).toBe(200);
  expect(await checked.cancel()).toBe(200);

  const early = await Client.begin(door, `/notify/${door}-early.bin`);
  expect(await early.send(0, 1_000)).toBe(200);
  expect(await early.close()).toBe(400);

  const other = await Client.begin(door, `/files/${door}-other.bin`, {
    "Repr-Digest": digestOf(Buffer.from("other")),
  });
  expect(await other.send(0, size)).toBe(200);
  expect(await other.close()).toBe(400);

  const abandoned = await Client.begin(door, `/brief/${door}-abandoned.bin`);
  expect(await abandoned.send(0, 1_000)).toBe(200);
  await abandoned.expire();

  return [whole, replied, checked, early, other, abandoned].map(({ name }) => name);
}

describe.each(["tcp", "http"] as const)("Over the %s door", (door) => {
  it("each line of the log has the fields that docs/operations.md says, and no secret", async () => {
    const sessions = new Set(await liveThrough(door));
    const told = lines().filter(({ session }) => sessions.has(String(session)));
    expect([...new Set(told.map(({ event }) => event))].toSorted()).toEqual(Object.keys(FIELDS).toSorted());
    for (const line of told) {
      const fields = Object.keys(line).filter((field) => field !== "because");
      expect(fields.toSorted(), line.event).toEqual(FIELDS[line.event]?.toSorted());
      expect(line).toMatchObject({
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        client: "127.0.0.1",
        directory: expect.stringMatching(/^\/(files|brief|notify|reply)\/$/),
        destination: expect.stringMatching(new RegExp(`^${String(line["directory"])}${door}-[a-z]+\\.bin$`)),
      });
      if ("milliseconds" in line) expect(line["milliseconds"]).toBeGreaterThanOrEqual(0);
      const codes = [200, 400, 416, 502, 507];
      if ("status" in line) expect(codes).toContain(line["status"]);
      if ("hresult" in line) expect(String(line["hresult"])).toMatch(/^(0x[0-9A-F]{8}|null)$/);
    }
    const log = edge.logs.map(({ text }) => text).join("\n");
    for (const [name, secret] of Object.entries(SECRETS)) expect(log.includes(secret), name).toBe(false);
  });
});

it("a packet to a URL that no directory serves is logged without one", async () => {
  await Client.begin("tcp", "/elsewhere/file.bin");
  await eventually(() =>
    expect(lines().filter(({ destination }) => destination === "/elsewhere/file.bin")).toMatchObject([
      { event: "acked", packet: "Create-Session", directory: null, fault: "uploadsNotEnabled" },
      { event: "acked", packet: "Ping", directory: null, fault: "uploadsNotEnabled" },
    ]),
  );
});

describe("docs/operations.md", () => {
  it("has a row for every event, and for no other", () => {
    expect([...DOCUMENTED.keys()].toSorted()).toEqual([...Object.keys(FIELDS), ...OTHERS].toSorted());
  });

  it.each(Object.entries(FIELDS))("names the own fields of %s", (event, fields) => {
    const named = Array.from(DOCUMENTED.get(event)?.matchAll(/`([a-zA-Z]+)`/g) ?? [], ([, field]) => field);
    const common = OF_DOORS.has(event) ? COMMON : OF_OBJECT;
    const own = fields.filter((field) => !common.includes(field));
    expect(named).toEqual(expect.arrayContaining(own));
  });
});
