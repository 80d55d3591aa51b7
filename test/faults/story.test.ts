import { describe, expect, it } from "vitest";
import { cancelSession, formatPacketHead, type PacketOptions } from "../support/bits-client.ts";
import { answer } from "../support/origin-behaviour.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { type Upload, useBench } from "./bench.ts";
import { eventually } from "../support/eventually.ts";

const bench = useBench();
const MEBIBYTE = 1024 * 1024;

type Line = Readonly<Record<string, string | number | null>> & { readonly at: string };

/** What an operator has: the edge's log, and a session id. */
function linesOf({ sessionName }: Upload): Line[] {
  return bench()
    .edge.logs.map(({ json }) => json as Line | undefined)
    .filter((line) => line?.["session"] === sessionName)
    .filter((line) => line !== undefined);
}

/** The log alone, read aloud: one sentence a line. */
function tell(lines: readonly Line[]): string[] {
  return lines.map((line) => {
    const code = line["hresult"] === null ? "" : ` ${line["hresult"]}`;
    switch (line["event"]) {
      case "created":
        return `created for ${line["destination"]} by ${line["client"]}`;
      case "started":
        return `started: ${line["total"]} bytes to come`;
      case "resumed":
        return `resumed at ${line["first"]}`;
      case "commit-started":
        return `attempt ${line["attempt"]} began`;
      case "commit-ended":
        return `attempt ${line["attempt"]} was ${line["outcome"]}: ${line["status"]}${code}`;
      case "acked":
        return `${line["packet"]} was acked ${line["status"]}${code}`;
      case "completed":
        return `completed: ${line["offset"]} bytes are here`;
      default:
        return String(line["event"]);
    }
  });
}

it("the log alone tells of an upload that broke, was refused, lost, orphaned, and given up", async () => {
  const { origin, edge } = bench();
  const size = 3 * MEBIBYTE;
  const upload = await bench().begin(size);
  const { destination, sessionId } = upload;

  await upload.send(0, MEBIBYTE);
  // A client that comes back where it was, not knowing that its last Fragment had arrived.
  await upload.send(0, 2 * MEBIBYTE);
  await upload.send(2 * MEBIBYTE);

  origin.application.queue(answer(507, { "BITS-Error-Code": "0x80041234" }));
  expect((await upload.close()).status).toBe(507);

  origin.fault = ({ socket }) => void socket.resetAndDestroy();
  expect((await upload.close()).status).toBe(502);

  const reached = Promise.withResolvers<void>();
  origin.fault = () => reached.resolve();
  const orphaned = upload.close().catch(() => null);
  await reached.promise;
  await edge.kill();
  expect(await orphaned).toBeNull();
  await edge.restart();

  origin.fault = null;
  origin.application.queue(answer(403));
  expect((await upload.close()).status).toBe(403);
  using connection = await bench().open();
  expect((await cancelSession(connection, destination, sessionId)).status).toBe(200);

  const lines = await eventually(() => {
    const found = linesOf(upload);
    expect(found.at(-1)).toMatchObject({ event: "acked", packet: "Cancel-Session" });
    return found;
  });
  expect(tell(lines)).toEqual([
    `created for ${destination} by 127.0.0.1`,
    `started: ${size} bytes to come`,
    "resumed at 0",
    `completed: ${size} bytes are here`,
    "attempt 1 began",
    "attempt 1 was refused: 507 0x80041234",
    "Close-Session was acked 507 0x80041234",
    "attempt 2 began",
    "attempt 2 was silent: 502 0x80072EFE",
    "Close-Session was acked 502 0x80072EFE",
    "attempt 3 began",
    "attempt 3 was orphaned: 502 0x80072EFE",
    "attempt 4 began",
    "attempt 4 was refused: 403 0x80190193",
    "Close-Session was acked 403 0x80190193",
    "cancelled",
    "Cancel-Session was acked 200",
  ]);
  // What was lost was looked at: the runtime has nothing to add.
  expect(edge.logs.filter(({ text }) => /uncaught/i.test(text))).toEqual([]);
  // In order of time, over the death in their middle, and each commit with its own.
  const times = lines.map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  for (const line of lines.filter(({ event }) => event === "commit-ended")) {
    expect(line["milliseconds"]).toBeGreaterThanOrEqual(0);
  }
});

it("an upload that goes on to its destination is told of as two commits, each with its own key", async () => {
  const { application } = bench().origin;
  const upload = await bench().beginWhole(1_000, "/notify/");
  application.queue(answer(200, { "BITS-Copy-File-To-Destination": "1" }));
  expect((await upload.close()).status).toBe(200);
  const requests = bench().commitsOf(upload.destination);
  expect(requests.map(({ method }) => method)).toEqual(["POST", "PUT"]);
  await eventually(() => {
    const ended = linesOf(upload).filter(({ event }) => event === "commit-ended");
    expect(ended.map(({ attempt, outcome, commit }) => [attempt, outcome, commit])).toEqual(
      requests.map(({ headers }) => [1, "accepted", headers["idempotency-key"]]),
    );
  });
});

it("a session that its client abandons is told of until it expires", async () => {
  const upload = await bench().begin(1_000, "/brief/");
  await upload.send(0, 400);
  const events = await eventually(() => {
    const found = linesOf(upload).map(({ event }) => event);
    expect(found).toContain("expired");
    return found;
  });
  expect(events).toEqual(["created", "started", "expired"]);
  expect(linesOf(upload).at(-1)).toMatchObject({ state: "receiving", offset: 400 });
  expect(bench().commitsOf(upload.destination)).toEqual([]);
});

it.each([
  ["committed", 200, async (upload: Upload) => upload.close()],
  ["discarded", 400, async (upload: Upload) => upload.close()],
  ["complete", 200, async (upload: Upload) => upload.send()],
])("what expires says where it stood: %s", async (state, status, end) => {
  const upload = await bench().begin(1_000, "/brief/");
  await upload.send(0, state === "discarded" ? 400 : 1_000);
  expect((await end(upload)).status).toBe(status);
  await eventually(() => {
    expect(linesOf(upload).at(-1)).toMatchObject({ event: "expired", state });
  });
});

describe.each<["tcp" | "http", PacketOptions]>([
  ["tcp", { verb: "BITS_POST" }],
  ["http", { verb: "POST" }],
])("Over the %s door", (door, packet) => {
  it.each([0, 1, MEBIBYTE, MEBIBYTE + 1_000])(
    "a client that leaves after %d bytes of a Fragment is told of as gone, not as one that was answered",
    async (sent) => {
      const upload = await bench().begin(2 * MEBIBYTE);
      const { destination, sessionId } = upload;
      const { edge } = bench();
      const connection = await RawConnection.open("127.0.0.1", edge[`${door}Port`]);
      const range = { sessionId, first: 0, length: 2 * MEBIBYTE, total: 2 * MEBIBYTE };
      await connection.send(formatPacketHead(connection, destination, "Fragment", range, packet));
      await connection.send(upload.bytes.subarray(0, sent));
      connection.destroy();
      await eventually(() => expect(linesOf(upload).map(({ event }) => event)).toContain("abandoned"));
      const events = sent === 0 ? ["created", "abandoned"] : ["created", "started", "abandoned"];
      expect(linesOf(upload).map(({ event }) => event)).toEqual(events);
      const gone = { packet: "Fragment", destination, client: "127.0.0.1", offset: sent };
      expect(linesOf(upload).at(-1)).toMatchObject(gone);
    },
  );
});

it("a session that is closed before its last byte is told of as discarded", async () => {
  const upload = await bench().begin(1_000);
  await upload.send(0, 400);
  expect((await upload.close()).status).toBe(400);
  await eventually(() =>
    expect(tell(linesOf(upload)).slice(-2)).toEqual(["discarded", "Close-Session was acked 400 0x80070057"]),
  );
});
