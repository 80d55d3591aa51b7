import { expect, it } from "vitest";
import { startEdge } from "../support/edge.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { Rig } from "../support/rig.ts";

/**
 * Longer than the 15 minutes that the runtime lets an alarm handler run (workerd, src/workerd/server/server.c++,
 * `getAlarmLimit`), after which it ends the object. LONG_COMMIT_SECONDS tries the test itself in less.
 */
const SECONDS = Number(process.env["LONG_COMMIT_SECONDS"] ?? 1_000);
/** What lies in the network when the edge has sent all, 4 MiB and more, is to be taken within its patience. */
const BYTES_PER_SECOND = 51_200;
/** Less than the tests' client waits for an Ack. */
const PATIENCE_SECONDS = Math.min(90, SECONDS / 3);

it.each([0, 1])(
  "a commit to an origin that takes its time, but takes it, ends; once (SESSION_OBJECTS = %d)",
  async (sessionObjects) => {
    await using origin = await startLegacyOrigin();
    const directory = { path: "/files/", origin_timeout_seconds: PATIENCE_SECONDS };
    const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [directory], SESSION_OBJECTS: sessionObjects };
    await using edge = await startEdge({ vars });
    const rig = new Rig(
      edge,
      { application: origin, [Symbol.asyncDispose]: async () => {} },
      {
        directory: "/files/",
        keepsConnections: false,
      },
    );
    using upload = await rig.beginWhole(SECONDS * BYTES_PER_SECOND, { fragmentBytes: 8 << 20 });
    origin.queue({ kind: "slow-read", bytesPerSecond: BYTES_PER_SECOND });
    const began = Date.now();
    const statuses: number[] = [];
    while (statuses.at(-1) !== 200) {
      statuses.push((await upload.close()).status);
      expect([200, 504]).toContain(statuses.at(-1));
    }
    expect((Date.now() - began) / 1000).toBeGreaterThan(SECONDS * 0.9); // the origin takes its first MiB at once
    expect(statuses.length).toBeGreaterThan(2);
    const puts = origin.requests.filter(({ method }) => method === "PUT");
    expect(puts.map(({ bytes }) => bytes)).toEqual([SECONDS * BYTES_PER_SECOND]);
    const outcomes = edge.logs.flatMap(({ json }) => {
      const line = json as { readonly event?: string; readonly outcome?: string } | undefined;
      return line?.event === "commit-ended" ? [line.outcome] : [];
    });
    expect(outcomes).toEqual(["accepted"]);
  },
);
