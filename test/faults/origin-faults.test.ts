import { describe, expect, it } from "vitest";
import { useBench } from "./bench.ts";
import { FAULTS } from "./origin-faults.ts";
import { eventually } from "../support/eventually.ts";

/** As the edge is without a word about its connections. */
const bench = useBench();
const benches = {
  socket: useBench({ vars: { ORIGIN_CONNECTION: "socket" } }),
  fetch: useBench({ vars: { ORIGIN_CONNECTION: "fetch" } }),
};
const MEBIBYTE = 1024 * 1024;
const DIRECTORIES = ["/files/", "/notify/"] as const;
/** The application's own: its answer, and its silence. */
const APPLICATION = 0x7;

/**
 * Whatever the origin does, the upload ends there once and whole: the Close-Session that meets the fault says what
 * it was, and the first one after the fault finishes the session.
 */
describe.each([
  { connection: "socket", directory: "/files/", sent: "in one Fragment", fragmentBytes: undefined },
  { connection: "fetch", directory: "/notify/", sent: "in one Fragment", fragmentBytes: undefined },
  // Small rows are handed to the origin together, large ones one by one.
  { connection: "socket", directory: "/notify/", sent: "in many", fragmentBytes: 250_000 },
  { connection: "fetch", directory: "/files/", sent: "in many", fragmentBytes: 250_000 },
] as const)(
  "In front of an origin that … (by $connection, $directory, $sent)",
  ({ connection, directory, fragmentBytes }) => {
    const own = benches[connection];

    it.for(FAULTS)(
      "$name",
      async ({ name, fault, told, toldByFetch, size = 2 * MEBIBYTE + 17, taken, outlasts }) => {
        const { origin } = own();
        const expected = connection === "fetch" && toldByFetch !== undefined ? toldByFetch : told;
        const upload = await own().beginWhole(size, {
          directory: outlasts || expected?.[0] === 504 ? directory.replace("/", "/impatient-") : directory,
          ...(fragmentBytes === undefined ? {} : { fragmentBytes }),
        });
        const { destination, bytes } = upload;
        try {
          if (fault === "refuse") await origin.refuse();
          else origin.fault = fault;

          const ack = await upload.close();
          const { status, errorCode, errorContext } = ack;
          expect([status, errorCode, errorContext]).toEqual(
            expected === null ? [200, undefined, undefined] : [...expected, APPLICATION],
          );
          // Whatever was said, the bytes are still counted as here.
          expect((await upload.send()).receivedContentRange).toBe(size);
          // And nothing is left of the connection, but where the commit goes on.
          if (name !== "reads slowly") await origin.whenLeft();
        } finally {
          await origin.recover();
        }

        await eventually(async () => expect((await upload.close()).status).toBe(200));
        expect((await own().published(destination))?.equals(bytes)).toBe(true);
        const whole = own()
          .commitsOf(destination)
          .filter(({ status }) => status !== undefined && status < 300);
        // An application that is told, and cannot say what it was told before, hears it twice: docs/guarantees.md.
        expect(whole).toHaveLength(taken && directory === "/notify/" ? 2 : 1);
        const keys = new Set(
          own()
            .commitsOf(destination)
            .map(({ headers }) => headers["idempotency-key"]),
        );
        expect(keys.size).toBe(1);

        const before = own().commitsOf(destination).length;
        expect((await upload.close()).status).toBe(200);
        expect(own().commitsOf(destination)).toHaveLength(before);
      },
    );
  },
);

/** Windows tries again every ten minutes, if it is told nothing else; here there is no time between. */
const ATTEMPTS_OF_AN_HOUR = 6;

it.each(DIRECTORIES)(
  "an origin that refuses connections for an hour, and an edge that dies in its middle: each attempt says why, and it ends once (%s)",
  async (directory) => {
    const { origin, edge } = bench();
    const upload = await bench().beginWhole(2 * MEBIBYTE + 17, directory);
    const { destination, bytes, sessionName } = upload;
    try {
      await origin.refuse();
      for (let attempt = 1; attempt <= ATTEMPTS_OF_AN_HOUR; attempt++) {
        const { status, errorCode, errorContext } = await upload.close();
        expect([status, errorCode, errorContext]).toEqual([502, 0x80072efd, APPLICATION]);
        expect((await upload.send()).receivedContentRange).toBe(bytes.length);
        if (attempt === ATTEMPTS_OF_AN_HOUR / 2) {
          await edge.kill();
          await edge.restart();
        }
      }
    } finally {
      await origin.recover();
    }

    for (let turn = 0; turn < 2; turn++) expect((await upload.close()).status).toBe(200);
    expect((await bench().published(destination))?.equals(bytes)).toBe(true);
    const [commit, ...others] = bench().commitsOf(destination);
    expect(others).toEqual([]);
    // The key of the attempt that arrived is that of all that did not.
    const key = commit?.headers["idempotency-key"];
    await eventually(() => {
      const ended = edge.logs
        .map(({ json }) => json as Record<string, unknown> | undefined)
        .filter((line) => line?.["session"] === sessionName && line["event"] === "commit-ended");
      expect(ended.map((line) => [line?.["attempt"], line?.["outcome"], line?.["commit"]])).toEqual([
        ...Array.from({ length: ATTEMPTS_OF_AN_HOUR }, (_, index) => [index + 1, "silent", key]),
        [ATTEMPTS_OF_AN_HOUR + 1, "accepted", key],
      ]);
    });
  },
);
