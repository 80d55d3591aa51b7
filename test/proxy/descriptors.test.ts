import { readdir } from "node:fs/promises";
import { describe, expect, test, vi } from "vitest";
import { DOORS, useBench } from "./support.ts";

const bench = useBench({ BODY_IDLE_TIMEOUT_SECONDS: 1 });
const REQUESTS = 400;
const AT_A_TIME = 40;
/** Connections that the runtime keeps for the next request, and what it opens for itself. */
const FEW = 30;

/** What a client says before it is gone. */
const BEGINNINGS: readonly string[] = [
  "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n0123456789",
  "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
  "GET /thinks HTTP/1.1\r\nHost: a\r\n\r\n",
  "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\nonly",
];

async function descriptors(): Promise<number> {
  return (await readdir(`/proc/${bench().edge.pid}/fd`)).length;
}

describe.runIf(process.platform === "linux").each(DOORS)("over the %s door", (door) => {
  test(`${REQUESTS} broken requests leave no connection open, on either side`, async () => {
    const { origin } = bench();
    origin.answer = ({ line }) =>
      line.includes("/thinks") ? null : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const before = await descriptors();
    let sent = 0;
    const breakOff = async (): Promise<void> => {
      for (let turn = sent++; turn < REQUESTS; turn = sent++) {
        const asked = origin.requests.length;
        const connection = await bench().open(door);
        await connection.send(BEGINNINGS[turn % BEGINNINGS.length] ?? "");
        await vi.waitFor(() => expect(origin.requests.length).toBeGreaterThan(asked), {
          timeout: 20_000,
          interval: 2,
        });
        // The runtime's own server does not look for a client's FIN while the origin thinks (docs/threat-model.md).
        const isUnseen = door === "http" && turn % BEGINNINGS.length === 2;
        if (turn % 3 === 0 && !isUnseen) connection.destroy();
        else connection.reset();
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, breakOff));
    await vi.waitFor(
      async () =>
        expect([await descriptors(), origin.open].every((count) => count < before + FEW)).toBe(true),
      { timeout: 30_000, interval: 100 },
    );
    const answer = await bench().ask(door, ["GET /y HTTP/1.1", "Host: a", ""]);
    expect(answer.status).toBe(200);
  });
});
