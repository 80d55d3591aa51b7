import { describe, expect, onTestFinished, test } from "vitest";
import { HOSTINGS, SeatedRig } from "../operator/seated-rig.ts";
import { ABORTING_EDGE } from "../support/edge-of-project.ts";
import { eventually } from "../support/eventually.ts";
import type { Upload } from "../support/upload.ts";
import { useRig } from "../support/rig.ts";

type Listed = Upload<SeatedRig>;

/** Ends the life of the session's object, or rings its alarm. */
async function command(what: "abort" | "alarm", { bench, sessionName }: Listed): Promise<void> {
  const { status } = await fetch(`${bench.edge.httpUrl}/-/${what}/${sessionName}`, { method: "POST" });
  expect(status).toBe(204);
}

/** What the list says of a session in this state; undefined if it does not. */
async function rowOf(
  { bench, sessionName }: Listed,
  state: string,
): Promise<Record<string, unknown> | undefined> {
  return (await bench.list({ state })).find(({ session }) => session === sessionName);
}

/** The list says where the session stands, before anybody opens it, and its object says the same. */
async function expectListed(upload: Listed, state: string): Promise<void> {
  const { session, until, ...said } = await eventually(async () => {
    const row = await rowOf(upload, state);
    expect(row).toBeDefined();
    return row ?? {};
  });
  expect(await upload.bench.session(String(session))).toMatchObject(said);
  expect(until).toBeGreaterThan(Date.now());
}

describe.each(HOSTINGS)("The list and the sessions agree (SESSION_OBJECTS = %d)", (objects) => {
  const rig = useRig(async () => SeatedRig.start(objects, { main: ABORTING_EDGE }));

  /** An upload whose object dies when the application has all of it, and has not answered. */
  async function dieInCommit(directory?: string): Promise<Listed> {
    const upload = await rig().beginWhole(20_000, directory);
    rig().origin.queue({ kind: "hang", readBody: true });
    const lost = upload.close();
    await eventually(() => expect(rig().commitsOf(upload.target)).toHaveLength(1));
    await command("abort", upload);
    expect((await lost).status).toBe(503);
    return upload;
  }

  /** How an object dies, and what its alarm makes of it. */
  const ENDS: readonly (readonly [moment: string, state: string, die: () => Promise<Listed>])[] = [
    [
      "its first Fragment is stored",
      "receiving",
      async () => {
        const upload = await rig().begin(20_000);
        await upload.send(0, 10_000);
        await command("abort", upload);
        return upload;
      },
    ],
    [
      "all bytes are stored",
      "complete",
      async () => {
        const upload = await rig().begin(20_000);
        await upload.send(0, 10_000);
        await upload.send(10_000);
        await command("abort", upload);
        return upload;
      },
    ],
    ["the application has it and has not answered", "committed", async () => await dieInCommit()],
    ["… in a directory that holds what is in doubt", "held", async () => await dieInCommit("/hold/")],
    [
      "the application's answer is stored",
      "committed",
      async () => {
        const upload = await rig().beginWhole(20_000);
        await upload.close();
        await command("abort", upload);
        return upload;
      },
    ],
    [
      "it is cancelled",
      "cancelled",
      async () => {
        const upload = await rig().begin(20_000);
        await upload.send(0, 10_000);
        await upload.cancel();
        await command("abort", upload);
        return upload;
      },
    ],
  ];

  test.each(ENDS)("after an object has died when %s: %s", async (_, state, die) => {
    using upload = await die();
    await command("alarm", upload);
    await expectListed(upload, state);
  });
});

test("a row that was lost with its session's object is told by the next life's alarm, though nothing is due", async () => {
  const rig = await SeatedRig.start(0, { main: ABORTING_EDGE, vars: { ABORTS: "telling" } });
  onTestFinished(async () => rig.stop());
  using upload = await rig.beginWhole(1_000);
  expect((await upload.close()).status).toBe(200);
  await command("abort", upload);
  // Its own alarm, which was set for the attempt.
  await expectListed(upload, "committed");
});

test("an alarm in whose life the index does not hear rings once more, in the next one", async () => {
  const rig = await SeatedRig.start(0, { main: ABORTING_EDGE, vars: { ABORTS: "telling-twice" } });
  onTestFinished(async () => rig.stop());
  using upload = await rig.beginWhole(1_000);
  expect((await upload.close()).status).toBe(200);
  await command("abort", upload);
  // The alarm that was set for the attempt rings.
  await eventually(() =>
    expect(rig.edge.logs.some(({ text }) => text.includes('"unheard"') && text.includes('"committed"'))).toBe(
      true,
    ),
  );
  await command("abort", upload);
  await expectListed(upload, "committed");
});
