import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeSession, createSession, fragment } from "../support/bits-client.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";

/** A name that no public DNS has, and no network of the edge's leads to. */
const HOST = "iis.corp.invalid";
const BYTES = Buffer.alloc(300_000, "private");
const DIRECTORIES = [
  { path: "/files/" },
  { path: "/notify/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/asks/", authorize: "origin" },
  {
    path: "/elsewhere/",
    notification: "by-value",
    notification_url: "http://other.corp.invalid/receive.ashx",
  },
];

/**
 * The binding `ORIGIN`: every request to the origin takes it. The edge of these tests has no other way out: whatever goes
 * past the binding fails.
 */
describe.each(["http", "https"])("An origin in a private network (ORIGIN_URL is %s)", (scheme) => {
  let origin: LegacyOrigin;
  let edge: Edge;
  beforeAll(async () => {
    origin = await startLegacyOrigin();
    edge = await startEdge({
      vars: { ORIGIN_URL: `${scheme}://${HOST}`, UPLOAD_DIRECTORIES: DIRECTORIES },
      privateOrigin: `127.0.0.1:${origin.port}`,
      outbound: "nothing",
    });
  });
  afterAll(async () => {
    await edge.stop();
    await origin.close();
  });

  async function upload(target: string): Promise<{ created: number; sent?: number; closed?: number }> {
    using connection = await RawConnection.open("127.0.0.1", edge.tcpPort);
    const { status: created, sessionId = "" } = await createSession(connection, target);
    if (created !== 200) return { created };
    const range = { sessionId, first: 0, total: BYTES.length, bytes: BYTES };
    const { status: sent } = await fragment(connection, target, range);
    const { status: closed } = await closeSession(connection, target, sessionId);
    return { created, sent, closed };
  }

  it.each(["/files/a.bin", "/notify/a.bin", "/asks/a.bin"])(
    "has %s, and is asked by its own name",
    async (target) => {
      expect(await upload(target)).toEqual({ created: 200, sent: 200, closed: 200 });
      const asked = origin.requests.splice(0);
      expect(asked.map(({ method }) => method)).toEqual(
        target === "/notify/a.bin" ? ["POST"] : ["HEAD", "PUT"],
      );
      expect(new Set(asked.map(({ headers }) => headers["host"]))).toEqual(new Set([HOST]));
      expect(asked.at(-1)?.bytes).toBe(BYTES.length);
    },
  );

  it("says who may upload", async () => {
    expect(await upload("/files/a.bin")).toEqual({ created: 403 }); // it is there already
  });

  it("is read back where it has the file already, by the same way", async () => {
    origin.queue({ kind: "close", store: true });
    expect(await upload("/files/lost.bin")).toEqual({ created: 200, sent: 200, closed: 502 });
    origin.requests.splice(0);
    using connection = await RawConnection.open("127.0.0.1", edge.tcpPort);
    const target = "/files/again.bin";
    const { sessionId = "" } = await createSession(connection, target);
    await fragment(connection, target, { sessionId, first: 0, total: BYTES.length, bytes: BYTES });
    origin.queue({ kind: "close", store: true });
    expect((await closeSession(connection, target, sessionId)).status).toBe(502);
    expect((await closeSession(connection, target, sessionId)).status).toBe(200);
    expect(origin.requests.map(({ method }) => method)).toEqual(["HEAD", "PUT", "PUT", "GET"]);
  });

  it("serves what is not BITS, and is looked at for the health check", async () => {
    expect((await fetch(`${edge.httpUrl}/files/a.bin`)).status).toBe(200);
    expect((await fetch(`${edge.httpUrl}/healthz`)).status).toBe(200);
    origin.requests.splice(0);
    await origin.pause();
    try {
      expect((await fetch(`${edge.httpUrl}/healthz`)).status).toBe(503);
      expect((await fetch(`${edge.httpUrl}/files/a.bin`)).status).toBe(502);
    } finally {
      await origin.resume();
    }
  });

  it("is not the way to another host's application, which the edge cannot reach here", async () => {
    origin.requests.splice(0);
    expect(await upload("/elsewhere/a.bin")).toEqual({ created: 200, sent: 200, closed: 502 });
    expect(origin.requests).toEqual([]);
  });
});
