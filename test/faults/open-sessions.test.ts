import { expect, it } from "vitest";
import { useBench } from "./bench.ts";
import { cancelSessions, findSessions, finishSessions, openSessions } from "./open-sessions.ts";

// Not the bench's own directories: they give an origin up after a second, which a disk under load can cost.
const bench = useBench({ vars: { UPLOAD_DIRECTORIES: [{ path: "/files/" }] } });
const THIRD = 200;
const RIGHT = { looked: THIRD, wrong: [] };

it("600 sessions are open at once: some are finished, some cancelled, the others stand where they stood", async () => {
  const uploads = await openSessions(bench(), 3 * THIRD);
  // Not in the order in which they came.
  const [finished = [], cancelled = [], left = []] = [0, 1, 2].map((kind) =>
    uploads.filter((_, index) => index % 3 === kind).toReversed(),
  );
  const fates = await Promise.all([
    finishSessions(bench(), finished),
    cancelSessions(bench(), cancelled),
    findSessions(bench(), left),
  ]);
  expect(fates).toEqual([RIGHT, RIGHT, RIGHT]);
  await bench().edge.kill();
  await bench().edge.restart();
  expect(await findSessions(bench(), left)).toEqual(RIGHT);
  expect(bench().origin.application.of("PUT")).toHaveLength(THIRD);
});
