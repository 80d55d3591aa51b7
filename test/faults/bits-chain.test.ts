import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchUrl } from "../reply/support.ts";
import { type Ack, closeSession, createSession, fragment } from "../support/bits-client.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { answer } from "../support/origin-behaviour.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { CountingRelay } from "./counting-relay.ts";

const SIZE = 9_000_001;
const TOLD = { notification: "by-value", notification_url: "/receive.ashx" };
const BITS = { handover: "bits", origin_fragment_bytes: 1_000_000 };
const KILLS = 12;
/** Bytes; a little more than half a small Fragment. */
const STEP = 40_000;
const LAST = { commit_on: "last-fragment" };

/** The origin of an edge may be another one, near the application: client → edge → edge → application. */
describe('Two edges in a row (handover = "bits")', () => {
  let application: LegacyOrigin;
  let behind: Edge;
  let relay: CountingRelay;
  let before: Edge;
  beforeAll(async () => {
    application = await startLegacyOrigin({ behave: ({ method }) => replyTo(method) });
    behind = await startEdge({
      vars: {
        ORIGIN_URL: application.url,
        UPLOAD_DIRECTORIES: [
          { path: "/files/" },
          { path: "/small/" },
          { path: "/notify/", ...TOLD, ...LAST },
          { path: "/reply/", ...TOLD, reply: true },
        ],
      },
    });
    relay = await CountingRelay.start(behind.tcpPort);
    before = await startEdge({
      vars: {
        ORIGIN_URL: relay.url,
        UPLOAD_DIRECTORIES: [
          { path: "/files/", ...BITS },
          { path: "/small/", ...BITS, origin_fragment_bytes: 65_536 },
          { path: "/notify/", ...BITS, ...LAST },
          { path: "/reply/", ...BITS, ...LAST },
        ],
      },
    });
  });
  afterAll(async () => {
    await before.stop();
    await relay.stop();
    await behind.stop();
    await application.close();
  });

  let reply: string | null = null;
  const replyTo = (method: string): ReturnType<typeof answer> | undefined =>
    reply !== null && method === "POST" ? { kind: "store-then-answer", status: 200, body: reply } : undefined;

  async function over<T>(send: (on: RawConnection) => Promise<T>): Promise<T> {
    using connection = await RawConnection.open("127.0.0.1", before.tcpPort);
    return await send(connection);
  }

  class Upload {
    readonly target: string;
    readonly bytes: Buffer;
    sessionId = "";

    constructor(target: string) {
      this.target = target;
      this.bytes = createHash("shake256", { outputLength: SIZE }).update(target).digest();
    }

    async create(): Promise<void> {
      const ack = await over((connection) => createSession(connection, this.target));
      expect(ack.status).toBe(200);
      this.sessionId = ack.sessionId ?? "";
    }

    async send(): Promise<Ack> {
      const { sessionId, bytes } = this;
      const range = { sessionId, first: 0, total: SIZE, bytes };
      return await over((connection) => fragment(connection, this.target, range));
    }

    async close(): Promise<Ack> {
      return await over((connection) => closeSession(connection, this.target, this.sessionId));
    }

    /** The application has it, once. */
    expectArrival(): void {
      const came = application.requests.filter(({ method, headers, url }) =>
        method === "PUT" ? url === this.target : headers["bits-original-request-url"]?.endsWith(this.target),
      );
      const whole = came.filter(({ status = 500 }) => status < 300);
      expect(whole.map(({ bytes, sha256 }) => [bytes, sha256])).toEqual([
        [SIZE, createHash("sha256").update(this.bytes).digest("hex")],
      ]);
    }
  }

  it.each(["/files/a.bin", "/notify/a.bin"])(
    "bring an upload to the application, once: %s",
    async (target) => {
      const upload = new Upload(target);
      await upload.create();
      expect((await upload.send()).status).toBe(200);
      for (let turn = 0; turn < 2; turn++) expect((await upload.close()).status).toBe(200);
      upload.expectArrival();
    },
  );

  it("bring the application's word to the client: its status, its code, and that it is the application's", async () => {
    const upload = new Upload("/notify/refused.bin");
    await upload.create();
    application.queue(answer(500, { "BITS-Error-Code": "0x80041234" }));
    const { status, errorCode, errorContext } = await upload.send();
    expect([status, errorCode, errorContext]).toEqual([500, 0x80041234, 0x7]);
    expect((await upload.send()).status).toBe(200);
    expect((await upload.close()).status).toBe(200);
    upload.expectArrival();
  });

  it("bring the application's reply, with ranges", async () => {
    reply = "the reply";
    const upload = new Upload("/reply/a.bin");
    await upload.create();
    const { status, replyUrl = "" } = await upload.send();
    expect([status, new URL(replyUrl).host]).toEqual([200, new URL(before.tcpUrl).host]);
    expect((await fetchUrl(replyUrl)).body.toString()).toBe("the reply");
    const part = await fetchUrl(replyUrl, { headers: { Range: "bytes=4-" } });
    expect([part.status, part.body.toString()]).toEqual([206, "reply"]);
    expect((await upload.close()).status).toBe(200);
    upload.expectArrival();
  });

  it("go on where they were, however often either is killed, and the application has it once", async () => {
    const upload = new Upload("/small/killed.bin");
    await upload.create();
    expect((await upload.send()).status).toBe(200);
    const created = sessionsOf(behind);
    for (let kill = 0; kill < KILLS; kill++) {
      const edge = kill % 2 === 0 ? behind : before;
      const seen = relay.bytes;
      const closing = upload.close().then(
        ({ status }) => status === 200,
        () => false,
      );
      // At another place of another Fragment each time, so that each kill finds both elsewhere.
      await eventually(() => expect(relay.bytes).toBeGreaterThan(seen + kill * STEP), {
        intervalMilliseconds: 1,
      });
      await edge.kill();
      expect(await closing).toBe(false);
      await edge.restart();
    }
    await eventually(async () => expect((await upload.close()).status).toBe(200));
    upload.expectArrival();
    expect(sessionsOf(behind) - created).toBe(1);
  });
});

/** How many sessions an edge has made, by its log. */
function sessionsOf({ logs }: Edge): number {
  return logs.filter(({ text }) => text.includes('"event":"created"')).length;
}
