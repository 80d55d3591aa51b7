import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { useRig } from "../support/rig.ts";
import { SeatedRig } from "./seated-rig.ts";

const rig = useRig(async () => SeatedRig.start(0));

/** What the list says of each, and what each session's own object says. */
async function bothSides(names: readonly string[]): Promise<{ listed: unknown[]; real: unknown[] }> {
  const rows = new Map((await rig().list()).map((row) => [row["session"], row]));
  const listed = names.map((name) => [name, rows.get(name)?.["state"], rows.get(name)?.["attempts"]]);
  const real: unknown[] = [];
  for (const name of names) {
    const { state, attempts } = await rig().session(name);
    real.push([name, state, attempts]);
  }
  return { listed, real };
}

test("after kills in the middle of uploads and commits the index and the sessions agree, once each was looked at", async () => {
  const names: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    const uploads = await Promise.all(Array.from({ length: 6 }, async () => await rig().begin(20_000)));
    names.push(...uploads.map(({ sessionName }) => sessionName));
    rig().origin.queue({ kind: "delay", milliseconds: 300 });
    // Whatever each comes to before the edge dies.
    const ends = uploads.map(async (upload, index) => {
      await upload.send(0, 10_000);
      if (index > 1) await upload.send(10_000, 20_000);
      if (index > 3) await upload.close();
    });
    await Promise.race(ends.map(async (end) => end.catch(() => undefined)));
    await rig().edge.kill();
    await Promise.allSettled(ends);
    await rig().edge.restart();
  }
  const known: string[] = [];
  for (const name of names) if ((await rig().look(`sessions/${name}`)).status === 200) known.push(name);
  expect(known.length).toBeGreaterThan(0);
  await eventually(async () => {
    const { listed, real } = await bothSides(known);
    expect(listed).toEqual(real);
  });
  const strangers = (await rig().list()).filter(({ session }) => !known.includes(String(session)));
  expect(strangers).toEqual([]);
});
