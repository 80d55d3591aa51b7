import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BitsOrigin } from "../faults/bits-origin.ts";
import { createSession } from "../support/bits-client.ts";
import { contentOf } from "../support/content.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Upload } from "../support/upload.ts";
import { SIZES } from "./small-sizes.ts";

const BYTES = 1_000_000;
const FRAGMENT_BYTES = 60_000;
/** What an application fetches of an upload that it is told of: over the edge of two segments, in one, and at the end. */
const RANGES = [
  [SIZES.segmentBytes - 10, SIZES.segmentBytes + 10],
  [SIZES.segmentBytes, 2 * SIZES.segmentBytes],
  [100, 3 * SIZES.segmentBytes + 1],
  [BYTES - 200_000, BYTES],
  [0, BYTES],
] as const;

let edge: Edge;
let origin: BitsOrigin;
/** What the application has fetched, range by range. */
const fetched: Buffer[] = [];
const application = createServer((request, response) => {
  void fetchRanges(String(request.headers["bits-request-datafile-name"])).then(() => response.end());
});

async function fetchRanges(url: string): Promise<void> {
  for (const [start, end] of RANGES) {
    const part = await fetch(url, { headers: { Range: `bytes=${start}-${end - 1}` } });
    fetched.push(Buffer.from(await part.arrayBuffer()));
  }
}

beforeAll(async () => {
  origin = await BitsOrigin.start();
  await new Promise<void>((resolve) => application.listen(0, "127.0.0.1", resolve));
  const { port } = application.address() as AddressInfo;
  const told = `http://127.0.0.1:${port}/`;
  edge = await startEdge({
    main: join(import.meta.dirname, "small-segments.ts"),
    vars: {
      ORIGIN_URL: origin.url,
      UPLOAD_DIRECTORIES: [
        { path: "/bits/", handover: "bits", origin_fragment_bytes: 100_000 },
        { path: "/refers/", notification: "by-reference", notification_url: told },
      ],
    },
  });
});

afterAll(async () => {
  await edge.stop();
  await origin.stop();
  application.close();
});

async function open(): Promise<RawConnection> {
  return await RawConnection.open("127.0.0.1", edge.tcpPort);
}

/** Sends an upload whole, with the edge killed in the middle, once some of it is in segments. */
async function uploadWhole(destination: string): Promise<Upload> {
  using connection = await open();
  const { sessionId = "" } = await createSession(connection, destination);
  const upload = new Upload({ open }, { destination, sessionId, bytes: contentOf(BYTES, destination) });
  for (let offset = 0; offset < BYTES;) {
    if (offset === 8 * FRAGMENT_BYTES) {
      await edge.kill();
      await edge.restart();
    }
    offset = await eventually(async () => {
      const ack = await upload.send(offset, Math.min(offset + FRAGMENT_BYTES, BYTES));
      expect(ack.status).toBe(200);
      return ack.receivedContentRange ?? 0;
    });
  }
  return upload;
}

it("goes to the origin's own BITS server, Fragment by Fragment over the edges of segments", async () => {
  const upload = await uploadWhole("/bits/large.bin");
  expect((await upload.close()).status).toBe(200);
  expect(origin.files.get(upload.target)?.equals(upload.bytes)).toBe(true);
});

it("is fetched by an application that is told of it, by ranges over the edges of segments", async () => {
  const upload = await uploadWhole("/refers/large.bin");
  expect((await upload.close()).status).toBe(200);
  expect(fetched.map((part) => part.length)).toEqual(RANGES.map(([start, end]) => end - start));
  for (const [index, [start, end]] of RANGES.entries())
    expect(fetched[index]?.equals(upload.bytes.subarray(start, end))).toBe(true);
});
