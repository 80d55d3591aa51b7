import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Ack, closeSession, createSession, fragment, ping } from "../support/bits-client.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { CREATED, expectAck, SESSION_UNKNOWN } from "./expect-ack.ts";
import { Bench, type BenchOptions, type Door } from "./support.ts";
import { eventually } from "../support/eventually.ts";

const ID = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";
/** Ours: the client may come again, and the log has the sentence. */
const MISCONFIGURED = { status: 500, code: "0x801901F4", context: "0x5" } as const;

const directory = (settings: object): BenchOptions => ({
  vars: { UPLOAD_DIRECTORIES: [{ path: "/uploads/", ...settings }] },
});
/** A bench takes secrets as texts; an absent one is no text. */
const secrets = (values: Record<string, string | undefined>): BenchOptions => ({
  secrets: values as Record<string, string>,
});

type Send = (connection: RawConnection, verb: "BITS_POST" | "POST") => Promise<Ack>;
const PACKETS: readonly (readonly [string, Send, string?])[] = [
  ["Create-Session", (connection, verb) => createSession(connection, "/uploads/a", { verb })],
  ["Ping", (connection, verb) => ping(connection, "/uploads/a", { verb })],
  [
    "Fragment",
    (connection, verb) =>
      fragment(connection, "/uploads/a", { sessionId: ID, first: 0, total: 1, bytes: "x" }, { verb }),
    ID,
  ],
  ["Close-Session", (connection, verb) => closeSession(connection, "/uploads/a", ID, { verb }), ID],
];

describe.each<Door>(["tcp", "http"])("An edge with a wrong setting, over the %s door", (door) => {
  const verb = door === "tcp" ? "BITS_POST" : "POST";

  it.each<[string, BenchOptions]>([
    ["ORIGIN_URL must be", { vars: { ORIGIN_URL: "iis.example.com" } }],
    ["ORIGIN_URL must be", { vars: { ORIGIN_URL: undefined } }],
    ["ORIGIN_URL must be", { vars: { ORIGIN_URL: "ftp://iis.example.com/" } }],
    ["ORIGIN_URL must be", { vars: { ORIGIN_URL: "http://iis.example.com/?a=1" } }],
    ["UPLOAD_DIRECTORIES must be", { vars: { UPLOAD_DIRECTORIES: "/uploads/" } }],
    ["UPLOAD_DIRECTORIES[0].path must be", directory({ path: "uploads" })],
    ['UPLOAD_DIRECTORIES[0].notification must be .*"email"', directory({ notification: "email" })],
    ["UPLOAD_DIRECTORIES[0].notification_url must be", directory({ notification: "by-value" })],
    ["UPLOAD_DIRECTORIES[0].allow_overwrites must be", directory({ allow_overwrites: "yes" })],
    ["UPLOAD_DIRECTORIES[0].session_timeout_seconds must be", directory({ session_timeout_seconds: 0 })],
    ["UPLOAD_DIRECTORIES[0].origin_timeout_seconds must be", directory({ origin_timeout_seconds: 1.5 })],
    ["UPLOAD_DIRECTORIES[0].maximum_upload_bytes must be", directory({ maximum_upload_bytes: -1 })],
    ["UPLOAD_DIRECTORIES[0].unknown_outcome must be", directory({ unknown_outcome: "drop" })],
    ["UPLOAD_DIRECTORIES[0].allow_overwrite is no setting", directory({ allow_overwrite: true })],
    ["MAXIMUM_FRAGMENT_BYTES must be", { vars: { MAXIMUM_FRAGMENT_BYTES: "16M" } }],
    ["HEAD_TIMEOUT_SECONDS must be", { vars: { HEAD_TIMEOUT_SECONDS: 0 } }],
    ["SESSION_KEY must be .* but is something else", secrets({ SESSION_KEY: "too short" })],
    ["ORIGIN_AUTHORIZATION must be .* but is something else", secrets({ ORIGIN_AUTHORIZATION: "a\nb" })],
  ])("answers every packet with 500 and logs: %s (%j)", async (sentence, options) => {
    const bench = await Bench.start(options);
    try {
      const wanted = new RegExp(`^${sentence.replaceAll("[", "\\[").replaceAll("]", "\\]")}`);
      for (const [packet, send, sessionId] of PACKETS) {
        using connection = await bench.open(door);
        const id = sessionId === undefined ? {} : { sessionId };
        // The runtime's own server ends a connection whose body nobody has read.
        const closes = packet === "Fragment" && door === "http" ? "either" : false;
        expectAck(await send(connection, verb), { ...MISCONFIGURED, ...id, closes });
      }
      await eventually(() => expect(complaintsOf(bench).length).toBeGreaterThanOrEqual(PACKETS.length));
      expect(complaintsOf(bench)).toMatchObject(
        PACKETS.map(([packet, , id = null]) => ({
          packet,
          session: id?.replace(/[{}]/g, "") ?? null,
          destination: "/uploads/a",
          client: "127.0.0.1",
          error: expect.stringMatching(wanted),
        })),
      );
      expect(JSON.stringify(bench.edge.logs), "no secret in a log").not.toMatch(/too short|a\\nb/);
    } finally {
      await bench.stop();
    }
  });

  it("answers what is not BITS with 500 and no BITS headers ([MC-BUP] 3.2.5.2.1)", async () => {
    const bench = await Bench.start({ vars: { ORIGIN_URL: "iis.example.com" } });
    try {
      using connection = await bench.open(door);
      await connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
      const response = await connection.readResponse();
      const names = response.headers.map(([name]) => name.toLowerCase());
      expect([response.status, names.filter((name) => name.startsWith("bits-"))]).toEqual([500, []]);
    } finally {
      await bench.stop();
    }
  });
});

describe("SESSION_KEY", () => {
  it("that is not set: 500 to packets that need it, and the log says how to make one", async () => {
    const bench = await Bench.start(secrets({ SESSION_KEY: undefined }));
    try {
      using connection = await bench.open();
      const target = bench.target();
      expectAck(await createSession(connection, target), MISCONFIGURED);
      expectAck(await closeSession(connection, target, ID), { ...MISCONFIGURED, sessionId: ID });
      expectAck(await ping(connection, target), {});
      await eventually(() => expect(complaintsOf(bench)).toHaveLength(2));
      expect(complaintsOf(bench)[0]?.["error"]).toMatch(
        /^SESSION_KEY is not set; .*`npx wrangler secret put SESSION_KEY`/,
      );
      // Nothing else of the edge depends on it.
      await bench.place("/a.txt", "text");
      await connection.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
      expect((await connection.readResponse()).body.toString()).toBe("text");
    } finally {
      await bench.stop();
    }
  });

  it("that is rotated: sessions of the previous key go on, of an older one are unknown", async () => {
    const keys = [1, 2].map(() => randomBytes(32).toString("base64url")) as [string, string];
    const issue = await Bench.start(secrets({ SESSION_KEY: keys[0] }));
    const target = "/uploads/rotated.bin";
    let sessionId: string;
    try {
      using connection = await issue.open();
      sessionId = expectAck(await createSession(connection, target), CREATED).sessionId ?? "";
    } finally {
      await issue.stop();
    }
    for (const [previous, isKnown] of [
      [keys[0], true],
      [undefined, false],
    ] as const) {
      const bench = await Bench.start(secrets({ SESSION_KEY: keys[1], SESSION_KEY_PREVIOUS: previous }));
      try {
        using connection = await bench.open();
        const ack = await fragment(connection, target, { sessionId, first: 0, total: 1, bytes: "x" });
        expectAck(ack, isKnown ? { sessionId, offset: 1 } : { ...SESSION_UNKNOWN, sessionId });
      } finally {
        await bench.stop();
      }
    }
  });
});

describe("UPLOAD_DIRECTORIES", () => {
  it("may be JSON text, as the dashboard delivers it; the longest path wins, in any case of letters", async () => {
    const directories = [
      { path: "/a/", maximum_upload_bytes: 1_000 },
      { path: "/a/b/", maximum_upload_bytes: 1 },
    ];
    const bench = await Bench.start({ vars: { UPLOAD_DIRECTORIES: JSON.stringify(directories) } });
    try {
      for (const [target, status] of [
        ["/a/file", 200],
        ["/A/file", 200],
        ["/a/b/file", 500],
        ["/A/B/file", 500],
      ] as const) {
        using upload = await bench.begin(2, { target });
        expect((await upload.send()).status, target).toBe(status);
      }
    } finally {
      await bench.stop();
    }
  });
});

/** The lines of the log about the configuration. */
function complaintsOf({ edge }: Bench): Record<string, unknown>[] {
  return edge.logs
    .map(({ json }) => json as Record<string, unknown> | undefined)
    .filter((line) => line?.["event"] === "misconfigured")
    .filter((line) => line !== undefined);
}
