import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { arbitraryCommand, arbitrarySize, create } from "./commands.ts";
import { Model } from "./model.ts";
import { DIRECTORIES, Real } from "./real.ts";

/** How long it goes on; a soak takes BITS_MODEL_SECONDS=3600. */
const SECONDS = Number(process.env["BITS_MODEL_SECONDS"] ?? 15);
/** What a failure has printed, to see it again: its seed, its path, and the replayPath of its sequence. */
const { BITS_MODEL_SEED: SEED, BITS_MODEL_PATH: PATH, BITS_MODEL_REPLAY: REPLAY } = process.env;

let real: Real | undefined;
beforeAll(async () => {
  real = await Real.start();
});
afterAll(async () => real?.stop());

it(
  "any sequence of packets, deaths of the edge and moods of the origin is answered as the table says",
  { timeout: (SECONDS + 60) * 1000 },
  async () => {
    if (real === undefined) return expect.unreachable();
    const edge = real;
    let runs = 0;
    const commands = fc.commands([arbitraryCommand()], {
      maxCommands: 25,
      size: "max",
      ...(REPLAY === undefined ? {} : { replayPath: REPLAY }),
    });
    const directories = fc.constantFrom(...DIRECTORIES);
    await fc.assert(
      fc.asyncProperty(directories, arbitrarySize(), commands, async (directory, size, sequence) => {
        runs += 1;
        const model = new Model(directory);
        edge.begin(directory);
        await create(size).run(model, edge);
        await fc.asyncModelRun(() => ({ model, real: edge }), sequence);
        await expectSameEnd(model, edge);
      }),
      {
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: SECONDS * 1000,
        markInterruptAsFailure: false,
        ...(SEED === undefined ? {} : { seed: Number(SEED) }),
        ...(PATH === undefined ? {} : { path: PATH }),
      },
    );
    expect(runs).toBeGreaterThan(1);
  },
);

/** What is at the origin in the end, and how it came there. */
async function expectSameEnd(model: Model, { origin, target, sessions }: Real): Promise<void> {
  const { published } = model;
  const index = published === null ? -1 : model.sessions.indexOf(published);
  const bytes = sessions[index]?.bytes.subarray(0, published?.total ?? 0);
  const response = await fetch(`${origin.url}${target}`);
  const found = Buffer.from(await response.arrayBuffer());
  expect([response.status, response.status === 200 ? sha256(found) : ""], "the file at the origin").toEqual(
    bytes === undefined ? [404, ""] : [200, sha256(bytes)],
  );
  for (const [which, session] of model.sessions.entries()) {
    const { id } = sessions[which] ?? {};
    const told = origin.requests.filter(
      ({ method, headers }) => /^(PUT|POST)$/.test(method) && headers["bits-session-id"] === id,
    );
    expect(told.length, `requests for session ${which}`).toBe(session.attempts);
    const keys = new Set(told.map(({ headers }) => headers["idempotency-key"]));
    expect(keys.size, "one key for all of them (ruling 19)").toBe(Math.min(told.length, 1));
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
