import { describe, expect, it, onTestFinished } from "vitest";
import { type Ack, closeSession, createSession, fragment } from "../support/bits-client.ts";
import { startEdge } from "../support/edge.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { StoppedHost } from "./stopped-host.ts";
import { eventually } from "../support/eventually.ts";

const BYTES = Buffer.from("what a host that takes no connection is not told");
const HELD = 0x801901f7;

/** The clock is short: an answer is given up after a second, and a connection after half of it. */
const DIRECTORIES = [
  { path: "/files/", origin_timeout_seconds: 1, allow_overwrites: true },
  {
    path: "/hold/",
    origin_timeout_seconds: 1,
    notification: "by-value",
    notification_url: "/receive.ashx",
    unknown_outcome: "hold",
  },
];

async function beginAt(connection: string): Promise<{
  host: StoppedHost;
  upload: (destination: string) => Promise<() => Promise<Ack>>;
}> {
  const host = await StoppedHost.start();
  onTestFinished(async () => host.stop());
  const vars = { ORIGIN_URL: host.url, ORIGIN_CONNECTION: connection, UPLOAD_DIRECTORIES: DIRECTORIES };
  const edge = await startEdge({ vars });
  onTestFinished(async () => edge.stop());
  const client = await RawConnection.open("127.0.0.1", edge.tcpPort);
  onTestFinished(() => client[Symbol.dispose]());
  const upload = async (destination: string): Promise<() => Promise<Ack>> => {
    const { sessionId = "" } = await createSession(client, destination);
    const range = { sessionId, first: 0, total: BYTES.length, bytes: BYTES };
    expect((await fragment(client, destination, range)).status).toBe(200);
    return async () => closeSession(client, destination, sessionId);
  };
  return { host, upload };
}

describe("A host that takes no connection", () => {
  it("was certainly told nothing, by a socket: 502 in time, and not held", async () => {
    const { host, upload } = await beginAt("socket");
    const close = await upload("/files/a.bin");
    const closeHeld = await upload("/hold/b.bin");
    for (const attempt of [close, closeHeld]) {
      const { status, errorCode, errorContext } = await attempt();
      expect([status, errorCode, errorContext]).toEqual([502, 0x80072efd, 0x7]);
    }
    host.goOn();
    await eventually(async () => expect((await close()).status).toBe(200));
    expect((await closeHeld()).status).toBe(200);
    expect(await host.uploads()).toEqual(["/files/a.bin"]);
  });

  it("is tried by fetch afterwards, where nothing is said about connections", async () => {
    const { host, upload } = await beginAt("auto");
    const close = await upload("/files/a.bin");
    const closeHeld = await upload("/hold/b.bin");
    expect((await close()).errorCode).toBe(0x80072ee2);
    expect((await closeHeld()).errorCode).toBe(0x80072ee2);
    expect((await closeHeld()).errorCode).toBe(HELD);
    host.goOn();
    await eventually(async () => expect((await close()).status).toBe(200));
  });
});
