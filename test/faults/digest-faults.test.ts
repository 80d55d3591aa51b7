import { createHash } from "node:crypto";
import { expect, it, vi } from "vitest";
import { type Ack, formatPacketHead, fragment } from "../support/bits-client.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { type Upload, useBench } from "./bench.ts";
import { eventually } from "../support/eventually.ts";

/** Fragments that carry the digest of their bytes (RFC 9530), where connections and the edge fail under them. */
const bench = useBench();
const MEBIBYTE = 1024 * 1024;
const TOTAL = 3 * MEBIBYTE;

/** The header of the whole upload as one Fragment. */
function digestOf({ bytes }: Upload): { "Content-Digest": string } {
  return { "Content-Digest": `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:` };
}

/** Sends the whole upload's head and the first `length` of `bytes`, and leaves the connection open. */
async function sendBeginning(upload: Upload, bytes: Buffer, length: number): Promise<RawConnection> {
  const { destination, sessionId } = upload;
  const connection = await bench().open();
  const range = { sessionId, first: 0, length: TOTAL, total: TOTAL };
  const head = formatPacketHead(connection, destination, "Fragment", range, { headers: digestOf(upload) });
  await connection.send(head);
  await connection.send(bytes.subarray(0, length));
  return connection;
}

async function sendAll(upload: Upload): Promise<Ack> {
  const { destination, sessionId, bytes } = upload;
  using connection = await bench().open();
  const range = { sessionId, first: 0, total: TOTAL, bytes };
  return await fragment(connection, destination, range, { headers: digestOf(upload) });
}

/** Waits until the first piece of a connection that is stuck is kept, apart from the upload. */
async function firstPieceStaged(): Promise<void> {
  await eventually(() =>
    expect(
      bench()
        .edge.logs.map(({ text }) => text)
        .join("\n"),
    ).toContain('"staged"'),
  );
}

it("a connection that dies late takes back nothing that another was acknowledged", async () => {
  const upload = await bench().begin(TOTAL);
  const stuck = await sendBeginning(upload, upload.bytes, MEBIBYTE + 1_000);
  await firstPieceStaged();
  // The client has given that connection up, and comes back on another.
  const { status, receivedContentRange } = await sendAll(upload);
  expect([status, receivedContentRange]).toEqual([200, TOTAL]);
  // Only now does the edge hear that the first one is gone.
  const refusals = (): number =>
    bench().edge.logs.filter(
      ({ text }) => text.includes(upload.sessionName) && text.includes("digestMismatch"),
    ).length;
  stuck.destroy();
  // It may say so, or know better by now that there is nothing to take back: then this wait is in vain.
  await vi.waitFor(() => expect(refusals()).toBe(1), 2_000).catch(() => undefined);
  expect((await upload.close()).status).toBe(200);
  expect((await bench().published(upload.destination))?.equals(upload.bytes)).toBe(true);
});

it("bytes that were damaged on their way do not stay because the edge died under them", async () => {
  const upload = await bench().begin(TOTAL);
  const damaged = Buffer.from(upload.bytes);
  damaged[1_000] = (damaged[1_000] ?? 0) ^ 1;
  using broken = await sendBeginning(upload, damaged, MEBIBYTE + 1_000);
  await firstPieceStaged();
  await bench().edge.kill();
  await broken.waitForEnd();
  await bench().edge.restart();
  // Sent again whole, with the digest of what is meant: the edge may take it or refuse it, but not mix it.
  for (let turn = 0; turn < 3; turn++) if ((await sendAll(upload)).status === 200) break;
  expect((await upload.close()).status).toBe(200);
  expect((await bench().published(upload.destination))?.equals(upload.bytes)).toBe(true);
});
