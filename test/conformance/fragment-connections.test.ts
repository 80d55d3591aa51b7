import { describe, expect, it } from "vitest";
import { type Ack, formatPacketHead, ping } from "../support/bits-client.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { saysClose } from "../support/stream-fragment.ts";
import { expectAck, GAP } from "./expect-ack.ts";
import { type Door, type Upload, useBench } from "./support.ts";
import { eventually } from "../support/eventually.ts";

const MEBIBYTE = 1024 * 1024;
const bench = useBench();

/** Fewer where each of them begins another life of its object, which takes longer than the Fragment. */
const SMALLEST = (process.env["ABORTS"] ?? process.env["EVICTS"]) === undefined ? 5_000 : 500;

describe("Fragments of a size that Windows sends ([MC-BUP] 6, note 10)", () => {
  it.each([
    ["13 MiB, its largest", 13 * MEBIBYTE],
    ["16 MiB, which every server should take", 16 * MEBIBYTE],
    ["64 MiB, the largest that is taken (ruling 10)", 64 * MEBIBYTE],
    ["a byte more than a whole number of MiB", 3 * MEBIBYTE + 1],
    ["a byte less", 3 * MEBIBYTE - 1],
  ])("%s", async (_, size) => {
    using upload = await bench().beginWhole(size);
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it(`${SMALLEST} of 5 KiB, its smallest, on one connection`, async () => {
    const size = 5 * 1024;
    using upload = await bench().begin(SMALLEST * size);
    const { sessionId } = upload;
    const connections = new Set([upload.connection]);
    for (let first = 0; first < upload.bytes.length; first += size) {
      const ack = await upload.send(first, first + size);
      connections.add(upload.connection);
      // The header set is compared once in a while: the comparison would be most of the test.
      if (first % (500 * size) === 0) expectAck(ack, { sessionId, offset: first + size });
      if (ack.status !== 200 || ack.receivedContentRange !== first + size) throw new Error(`at ${first}`);
    }
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
    expect(connections.size).toBe(1);
  }, 180_000);
});

describe("A connection that breaks inside a Fragment ([MC-BUP] 2.2.6)", () => {
  const TOTAL = 5 * MEBIBYTE + 123;
  it.each([
    ["before the first byte", 0],
    ["after one byte", 1],
    ["a byte before the first MiB", MEBIBYTE - 1],
    ["at the first MiB", MEBIBYTE],
    ["a byte after it", MEBIBYTE + 1],
    ["between MiB", 3 * MEBIBYTE + 400_000],
    ["before the last two bytes", TOTAL - 2],
  ])(
    "%s: the whole MiB are kept, and the upload goes on after Ping ([MC-BUP] 3.1.4.3)",
    async (_, broken) => {
      using upload = await bench().begin(TOTAL);
      const { sessionId, target } = upload;
      await sendPart(upload, 0, broken);
      upload.connection.destroy();

      using connection = await bench().open();
      expectAck(await ping(connection, target), {});
      const whole = Math.floor(broken / MEBIBYTE) * MEBIBYTE;
      const kept = await eventually(async () => {
        const offset = await offsetOf(upload, connection);
        expect(offset).toBeGreaterThanOrEqual(whole);
        return offset;
      });
      expect(kept).toBeLessThanOrEqual(broken);
      // Windows begins where it had begun: all that is kept comes again.
      expectAck(await upload.send(0, TOTAL, { connection }), { sessionId, offset: TOTAL });
      expectAck(await upload.close(connection), upload.done);
      await bench().expectPublished(target, upload.bytes);
    },
  );

  it.each<[Door, string, number]>([
    ["tcp", "ends", 700_000],
    ["http", "ends", 700_000],
    ["http", "ends", 2 * MEBIBYTE + 1],
    ["http", "is gone", 1],
    ["http", "is gone", 700_000],
    ["http", "is gone", 2 * MEBIBYTE + 70_000],
  ])(
    "over the %s door: what came before the connection %s is kept, to the byte (%d)",
    async (door, how, sent) => {
      using upload = await bench().begin(TOTAL, { door });
      await sendPart(upload, 0, sent, upload.connection, door === "tcp" ? "BITS_POST" : "POST");
      if (how === "ends") upload.connection.halfClose();
      else upload.connection.destroy();
      using connection = await bench().open(door);
      await eventually(async () => {
        const ack = await upload.send(TOTAL - 1, TOTAL, { connection });
        expect([ack.status, ack.receivedContentRange]).toEqual([416, sent]);
      });
      expectAck(await upload.send(0, TOTAL, { connection }), { sessionId: upload.sessionId, offset: TOTAL });
    },
  );

  it("by a reset, again and again, costs no byte and doubles none", async () => {
    using upload = await bench().begin(TOTAL);
    const { target } = upload;
    upload.connection.destroy();
    for (const length of [10, MEBIBYTE, 1_500_000, 3 * MEBIBYTE, 700_000]) {
      using probe = await bench().open();
      const first = await offsetOf(upload, probe);
      const broken = await bench().open();
      await sendPart(upload, first, Math.min(first + length, TOTAL), broken);
      broken.reset();
      await broken.waitForClose();
    }
    using connection = await bench().open();
    expectAck(await upload.send(0, TOTAL, { connection }), { sessionId: upload.sessionId, offset: TOTAL });
    expectAck(await upload.close(connection), upload.done);
    await bench().expectPublished(target, upload.bytes);
  });

  it("by the client's end of sending only: what came is kept", async () => {
    using upload = await bench().begin(TOTAL);
    await sendPart(upload, 0, 2 * MEBIBYTE + 7);
    upload.connection.halfClose();
    using connection = await bench().open();
    await eventually(async () => {
      expect(await offsetOf(upload, connection)).toBeGreaterThanOrEqual(2 * MEBIBYTE);
    });
    expectAck(await upload.send(0, TOTAL, { connection }), { sessionId: upload.sessionId, offset: TOTAL });
  });
});

describe("Connections that race ([MC-BUP] 2.2.6; ruling 9)", () => {
  it("with the same Fragments at the same time: the bytes are there once", async () => {
    using upload = await bench().begin(4 * MEBIBYTE);
    await raceOf(upload, 4, (offset) => [offset, offset + 1_500_000]);
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it("with all of it at the same time: all are told that all is there", async () => {
    using upload = await bench().begin(6 * MEBIBYTE);
    const { sessionId } = upload;
    const connections = await Promise.all([1, 2, 3, 4].map(() => bench().open()));
    const acks = await Promise.all(
      connections.map((connection) => upload.send(0, upload.bytes.length, { connection })),
    );
    for (const ack of acks) expectAck(ack, { sessionId, offset: upload.bytes.length });
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
    for (const connection of connections) connection.destroy();
  });

  it("with every second range each: a gap until the other has sent its own ([MC-BUP] 3.2.5.2.6)", async () => {
    using upload = await bench().begin(40 * 100_000);
    const { sessionId, bytes } = upload;
    expectAck(await upload.send(100_000, 200_000), { ...GAP, sessionId, offset: 0 });
    const sendEverySecond = async (turn: number): Promise<void> => {
      let connection = await bench().open();
      for (let first = turn * 100_000; first < bytes.length;) {
        const ack = await upload.send(first, first + 100_000, { connection });
        if (ack.status === 200) first += 200_000;
        expect(ack.status === 416 || ack.status === 200).toBe(true);
        connection = await following(connection, ack);
      }
      connection.destroy();
    };
    await Promise.all([sendEverySecond(0), sendEverySecond(1)]);
    expectAck(await upload.send(), { sessionId, offset: bytes.length });
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, bytes);
  });

  it("with ranges that overlap in every way: the bytes are exact", async () => {
    using upload = await bench().begin(3 * MEBIBYTE + 17);
    const sizes = [70_001, 1_100_000, 333_333, 524_288, 9_999];
    await raceOf(upload, sizes.length, (offset, racer) => {
      const first = Math.max(0, offset - racer * 10_000);
      return [first, offset + (sizes[racer] ?? 1)];
    });
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });
});

/** Sends the head of one Fragment from `first` to the end of the file, and its bytes up to `end` only. */
async function sendPart(
  upload: Upload,
  first: number,
  end: number,
  connection = upload.connection,
  verb: "BITS_POST" | "POST" = "BITS_POST",
): Promise<void> {
  const { sessionId, target, bytes } = upload;
  const fields = { sessionId, first, length: bytes.length - first, total: bytes.length };
  await connection.send(formatPacketHead(connection, target, "Fragment", fields, { verb }));
  await connection.send(bytes.subarray(first, end));
}

/** The connection for the next packet: the edge may end one between two packets, if its Ack says so. */
async function following(connection: RawConnection, { response }: Ack): Promise<RawConnection> {
  if (!saysClose(response)) return connection;
  connection.destroy();
  return bench().open();
}

/** Asks with the last byte, which stores nothing while there is a gap before it. */
async function offsetOf(upload: Upload, connection: RawConnection): Promise<number> {
  const ack = await upload.send(upload.bytes.length - 1, upload.bytes.length, { connection });
  return ack.receivedContentRange ?? Number.NaN;
}

/** Clients of one session, each on a connection of its own: every one goes on where its last Ack sent it. */
async function raceOf(
  upload: Upload,
  racers: number,
  rangeOf: (offset: number, racer: number) => readonly [first: number, end: number],
): Promise<void> {
  const total = upload.bytes.length;
  const race = async (racer: number): Promise<void> => {
    using connection = await bench().open();
    let offset = 0;
    while (offset < total) {
      const [first, end] = rangeOf(offset, racer);
      const ack = await upload.send(first, Math.min(end, total), { connection });
      const next = ack.receivedContentRange ?? Number.NaN;
      expect([ack.status, next >= offset]).toEqual([200, true]);
      offset = next;
    }
  };
  await Promise.all(Array.from({ length: racers }, (_, racer) => race(racer)));
}
