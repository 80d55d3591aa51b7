import { describe, expect, it } from "vitest";
import {
  type Ack,
  cancelSession,
  closeSession,
  createSession,
  formatPacketHead,
  ping,
  SESSION_NOT_FOUND,
} from "../support/bits-client.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { Upload, useBench } from "./bench.ts";
import { eventually } from "../support/eventually.ts";

const bench = useBench();
const MEBIBYTE = 1024 * 1024;
const TOTAL = 3 * MEBIBYTE + 11;
const DIRECTORIES = ["/files/", "/notify/"] as const;

/** How a client leaves: an end that its system still says, and the reset of one that has crashed. */
const WAYS = [
  ["ends", (connection: RawConnection) => connection.destroy()],
  ["resets", (connection: RawConnection) => connection.reset()],
] as const;

/** Places in a head at which it breaks off: none is a whole head. */
function cutsOf(head: string): number[] {
  const line = head.indexOf("\r\n");
  const packetType = head.indexOf("BITS-Packet-Type");
  const end = head.length;
  return [1, line - 1, line + 1, line + 2, packetType + 20, end - 4, end - 2, end - 1];
}

/** Sends some bytes on a connection of their own and leaves; resolves when the connection is gone on this side. */
async function sendAndLeave(
  parts: readonly (string | Uint8Array)[],
  leave: (connection: RawConnection) => void,
): Promise<void> {
  const connection = await bench().open();
  for (const part of parts) await connection.send(part);
  leave(connection);
  await connection.waitForClose();
}

const addressOf = (): { host: string; port: number } => ({
  host: "127.0.0.1",
  port: bench().edge.tcpPort,
});

/** The head of one Fragment with the whole upload. */
function headOf({ destination, sessionId, bytes }: Upload): string {
  const range = { sessionId, first: 0, length: bytes.length, total: bytes.length };
  return formatPacketHead(addressOf(), destination, "Fragment", range);
}

/** A packet and its repetition, which is to be answered alike. */
async function twice(send: () => Promise<Ack>): Promise<void> {
  const [first, second] = [await send(), await send()];
  expect([second.status, second.receivedContentRange]).toEqual([200, first.receivedContentRange]);
}

/** The session takes the whole upload from its start, ends, and is at the application once. */
async function expectToFinish(upload: Upload): Promise<void> {
  const { status, receivedContentRange } = await upload.send();
  expect([status, receivedContentRange]).toEqual([200, upload.bytes.length]);
  expect((await upload.close()).status).toBe(200);
  expect((await bench().published(upload.destination))?.equals(upload.bytes)).toBe(true);
  expect(bench().commitsOf(upload.destination)).toHaveLength(1);
}

describe.each(WAYS)("A client that %s", (_, leave) => {
  it("inside the head of a Fragment has sent nothing", async () => {
    const upload = await bench().begin(TOTAL);
    const head = headOf(upload);
    for (const cut of cutsOf(head)) await sendAndLeave([head.slice(0, cut)], leave);
    expect(await upload.offset()).toBe(0);
    await expectToFinish(upload);
  });

  it.each([
    0,
    1,
    MEBIBYTE - 1,
    MEBIBYTE,
    MEBIBYTE + 1,
    2 * MEBIBYTE - 1,
    2 * MEBIBYTE,
    2 * MEBIBYTE + 1,
    3 * MEBIBYTE,
    TOTAL - 1,
    TOTAL,
  ])("after %d bytes of a body has sent no more and, by whole pieces, no less", async (sent) => {
    const upload = await bench().begin(TOTAL);
    await sendAndLeave([headOf(upload), upload.bytes.subarray(0, sent)], leave);
    // A reset may overtake what was sent before it; what is there is a beginning of it in any case.
    const least = leave === WAYS[0][1] ? Math.floor(sent / MEBIBYTE) * MEBIBYTE : 0;
    const offset = await eventually(async () => {
      const reached = await upload.offset();
      expect(reached).toBeGreaterThanOrEqual(least);
      return reached;
    });
    // The question itself is the last byte, which is taken where all others are there.
    expect(offset).toBeLessThanOrEqual(sent === TOTAL - 1 ? TOTAL : sent);
    await expectToFinish(upload);
  });

  it.each(DIRECTORIES)("inside the head of Close-Session has not closed (%s)", async (directory) => {
    const upload = await bench().beginWhole(20_000, directory);
    const { destination, sessionId } = upload;
    const head = formatPacketHead(addressOf(), destination, "Close-Session", { sessionId });
    for (const cut of cutsOf(head)) await sendAndLeave([head.slice(0, cut)], leave);
    await upload.send();
    expect(bench().commitsOf(destination)).toHaveLength(0);
    await expectToFinish(upload);
  });

  it.each(DIRECTORIES)("after Close-Session, before its Ack, has closed once (%s)", async (directory) => {
    const upload = await bench().beginWhole(20_000, directory);
    const { destination, sessionId } = upload;
    const head = formatPacketHead(addressOf(), destination, "Close-Session", { sessionId });
    for (let turn = 0; turn < 5; turn++) await sendAndLeave([head], leave);
    await expectToFinish(upload);
  });

  it("inside the head of Cancel-Session has not cancelled, and after it has", async () => {
    const upload = await bench().beginWhole(20_000);
    const { destination, sessionId } = upload;
    const head = formatPacketHead(addressOf(), destination, "Cancel-Session", { sessionId });
    for (const cut of cutsOf(head)) await sendAndLeave([head.slice(0, cut)], leave);
    expect((await upload.send()).status).toBe(200);
    using connection = await bench().open();
    expect((await cancelSession(connection, destination, sessionId)).status).toBe(200);
    expect((await upload.close()).errorCode).toBe(SESSION_NOT_FOUND);
    expect(bench().commitsOf(destination)).toHaveLength(0);
  });
});

describe.each(DIRECTORIES)("In %s", (directory) => {
  it("two clients of one session leave exact bytes and one commit", async () => {
    const upload = await bench().begin(TOTAL, directory);
    const clients = [200_000, MEBIBYTE + 1].map(async (step) => {
      using connection = await bench().open();
      for (let offset = 0; offset < TOTAL;) {
        const ack = await upload.send(offset, Math.min(offset + step, TOTAL), { connection });
        const next = ack.receivedContentRange ?? Number.NaN;
        expect([ack.status, next > offset]).toEqual([200, true]);
        offset = next;
      }
      return (await upload.close(connection)).status;
    });
    expect(await Promise.all(clients)).toEqual([200, 200]);
    await expectToFinish(upload);
  });

  it("one closes while another still sends: it is whole, or it is refused", async () => {
    const upload = await bench().begin(TOTAL, directory);
    const [sent, closed] = await Promise.all([upload.send(), upload.close()]);
    if (closed.status === 200) await expectToFinish(upload);
    else {
      // Ruling 20: closed before its last byte, the session is over and nothing is published.
      expect([closed.status, sent.errorCode ?? SESSION_NOT_FOUND]).toEqual([400, SESSION_NOT_FOUND]);
      expect(bench().commitsOf(upload.destination)).toHaveLength(0);
    }
  });

  it("one that sends everything twice hears the same twice, and is heard once", async () => {
    const upload = await bench().begin(TOTAL, directory);
    using connection = await bench().open();
    const { destination } = upload;
    const again = await createSession(connection, destination);
    for (let turn = 0; turn < 2; turn++) expect((await ping(connection, destination)).status).toBe(200);
    for (let offset = 0; offset < TOTAL; offset += 700_001) {
      await twice(async () => upload.send(offset, Math.min(offset + 700_001, TOTAL), { connection }));
    }
    await twice(async () => upload.close(connection));
    await expectToFinish(upload);
    // The session that the second Create-Session made is another, and stands where it began.
    const other = new Upload(bench(), { destination, sessionId: again.sessionId ?? "", bytes: upload.bytes });
    expect(other.sessionId).not.toBe(upload.sessionId);
    expect(await other.offset()).toBe(0);
    await twice(async () => cancelSession(connection, destination, other.sessionId));
    expect((await other.close()).errorCode).toBe(SESSION_NOT_FOUND);
    expect(bench().commitsOf(destination)).toHaveLength(1);
  });

  it("one that sends its last Fragment 200 times is told 200 times that all is there", async () => {
    const upload = await bench().beginWhole(TOTAL, directory);
    let connection = await bench().open();
    for (let turn = 0; turn < 200; turn++) {
      if (turn % 50 === 49) {
        connection.destroy();
        connection = await bench().open();
      }
      if (turn === 100) expect((await upload.close(connection)).status).toBe(200);
      const { status, receivedContentRange } = await upload.send(TOTAL - 10_000, TOTAL, { connection });
      if (status !== 200 || receivedContentRange !== TOTAL) throw new Error(`${status} in turn ${turn}`);
    }
    connection.destroy();
    await expectToFinish(upload);
  });

  it.each(Array.from({ length: 10 }, (_, turn) => turn))(
    "one that closes and cancels at once: both Acks tell the same story (%d)",
    async (turn) => {
      const upload = await bench().beginWhole(20_000, directory);
      const { destination, sessionId } = upload;
      using one = await bench().open();
      using other = await bench().open();
      const packets = [
        async () => closeSession(one, destination, sessionId),
        async () => cancelSession(other, destination, sessionId),
      ];
      if (turn % 2 === 1) packets.reverse();
      const acks = await Promise.all(packets.map(async (send) => send()));
      if (turn % 2 === 1) acks.reverse();
      const [closed, cancelled] = acks;
      expect(cancelled?.status).toBe(200);
      const commits = bench().commitsOf(destination);
      if (closed?.status === 200) {
        expect(commits).toHaveLength(1);
        expect((await bench().published(destination))?.equals(upload.bytes)).toBe(true);
      } else {
        expect([closed?.errorCode, commits.length]).toEqual([SESSION_NOT_FOUND, 0]);
      }
      // And it stays so.
      expect((await upload.close()).status).toBe(closed?.status);
      expect(bench().commitsOf(destination)).toHaveLength(commits.length);
    },
  );
});
