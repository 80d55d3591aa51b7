import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { type Door, DOORS, useBench } from "./support.ts";

const bench = useBench({ BODY_IDLE_TIMEOUT_SECONDS: 1 });
/** At each of the two doors. */
const REQUESTS = 1_000;
const AT_A_TIME = 200;
/** Connections that the runtime keeps for the next request, and what it opens for itself. */
const FEW = 30;

/** How a client stops. */
const ENDS = {
  reset: (connection: RawConnection) => connection.reset(),
  gone: (connection: RawConnection) => connection.destroy(),
  "half closed": async (connection: RawConnection) => {
    connection.halfClose();
    await connection.waitForClose();
  },
  silent: async (connection: RawConnection) => {
    await connection.waitForEnd();
    connection.destroy();
  },
};
type End = keyof typeof ENDS;

/** What it says before, and how it stops then. */
const CONTENT: readonly string[] = [
  "PUT :target HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n0123456789",
  "PUT :target HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
  "PUT :target HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
  "PUT :target HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\nonly",
];
const THINKS = "GET :target HTTP/1.1\r\nHost: a\r\n\r\n";

/** The HTTP door's client that is gone while the origin thinks is the subject of silent-origin.test.ts. */
function waysOf(door: Door): readonly (readonly [string, End])[] {
  const ends: readonly End[] = ["reset", "gone", "half closed", "silent"];
  const whileThinking: readonly End[] = door === "tcp" ? ["reset", "gone"] : ["reset"];
  return [
    ...CONTENT.flatMap((beginning) => ends.map((end) => [beginning, end] as const)),
    ...whileThinking.map((end) => [THINKS, end] as const),
  ];
}

/** Of the runtime's process, where the system tells. */
async function descriptors(): Promise<number> {
  return process.platform === "linux" ? (await readdir(`/proc/${bench().edge.pid}/fd`)).length : 0;
}

describe("2,000 broken requests", () => {
  test.each(DOORS)(`${REQUESTS} at the %s door leave no connection open, on either side`, async (door) => {
    const { origin } = bench();
    origin.answer = () => null;
    const ways = waysOf(door);
    const breakOff = async (turn: number): Promise<void> => {
      const [beginning, end] = ways[turn % ways.length] ?? [THINKS, "reset"];
      const target = `/broken/${door}-${turn}`;
      const connection = await bench().open(door);
      await connection.send(beginning.replace(":target", target));
      // A busy edge may find the client silent before it has said a word to the origin.
      await Promise.race([origin.hears(target), connection.waitForEnd()]);
      await ENDS[end](connection);
    };
    const before = await descriptors();
    for (let turn = 0; turn < REQUESTS; turn += AT_A_TIME)
      await Promise.all(Array.from({ length: AT_A_TIME }, async (_, at) => breakOff(turn + at)));
    await eventually(async () => {
      expect(origin.open).toBe(0);
      expect(await descriptors()).toBeLessThan(before + FEW);
    });
    expect(origin.to(`/broken/${door}-`)).not.toEqual([]);
    origin.answer = () => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    expect((await bench().ask(door, ["GET /after HTTP/1.1", "Host: a", ""])).status).toBe(200);
  });
});
