import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { GAP, INVALID } from "../conformance/expect-ack.ts";
import { expectAck } from "../support/expect-ack.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../operator/seat-client.ts";
import { HOSTINGS, SeatedRig } from "../operator/seated-rig.ts";

const main = join(import.meta.dirname, "watched-edge.ts");

interface Asked {
  readonly of: string;
  readonly jurisdiction: string | null;
  readonly locationHint: string | null;
}

const askedOf = ({ edge }: SeatedRig): Asked[] =>
  edge.logs.map(({ json }) => json as { event?: string } & Asked).filter((line) => line?.event === "object");

async function start(...settings: Parameters<typeof SeatedRig.start>): Promise<SeatedRig> {
  const rig = await SeatedRig.start(...settings);
  onTestFinished(async () => rig.stop());
  return rig;
}

/** Everything that has an object asked. */
async function useAll(rig: SeatedRig): Promise<void> {
  for (const directory of ["/uploads/", "/limited/", "/notify/"]) {
    using upload = await rig.beginWhole(1_000, directory);
    expect((await upload.close()).status).toBe(200);
  }
  using cancelled = await rig.begin(1_000, "/limited/");
  await cancelled.send(0, 500);
  expect((await cancelled.cancel()).status).toBe(200);
  // What a session tells its index comes a moment after its Ack.
  await eventually(async () => expect(await rig.list()).toHaveLength(4));
  expect((await rig.session(cancelled.sessionName))["state"]).toBe("cancelled");
  expect((await rig.look("metrics")).text).toContain("bitsedge_acks_total");
  expect((await ask(rig.edge, "sessions", { token: "somebody-else-s-0123456789-0123456789" })).status).toBe(
    401,
  );
}

test.each(HOSTINGS)(
  "SESSION_JURISDICTION holds for every object (SESSION_OBJECTS = %d)",
  async (sessionObjects) => {
    const vars = { SESSION_JURISDICTION: "eu" };
    const rig = await start(sessionObjects, { main, vars });
    await useAll(rig);
    const asked = askedOf(rig);
    const kinds =
      sessionObjects === 0 ? ["UPLOAD_SESSIONS", "SESSION_COUNTERS", "SESSION_INDEX"] : ["UPLOAD_SESSIONS"];
    expect(asked.map(({ of }) => of)).toEqual(expect.arrayContaining(kinds));
    expect(asked.filter(({ jurisdiction }) => jurisdiction !== "eu")).toEqual([]);
  },
);

test("SESSION_LOCATION_HINT is given to every object that the doors ask for", async () => {
  const rig = await start(0, { main, vars: { SESSION_LOCATION_HINT: "weur" } });
  using upload = await rig.beginWhole(1_000, "/limited/");
  expect((await upload.close()).status).toBe(200);
  // Of the Fragment, and of the Close-Session.
  await eventually(() => {
    const asked = askedOf(rig).filter(({ of }) => of === "UPLOAD_SESSIONS");
    expect(asked.map(({ locationHint }) => locationHint)).toEqual(["weur", "weur"]);
  });
});

test("nothing of a session is found after the jurisdiction was changed: its client begins at the first byte, or its Close-Session fails", async () => {
  const storage = await mkdtemp(join(tmpdir(), "bits-placement-"));
  onTestFinished(async () => rm(storage, { recursive: true, force: true }));
  const secrets = { SESSION_KEY: "one key for both lives of this edge, 32 or more" };
  const before = await start(0, { main, storage, secrets });
  using half = await before.begin(1_000);
  await half.send(0, 500);
  using whole = await before.beginWhole(1_000);
  await before.edge.stop();
  const after = await start(0, { main, storage, secrets, vars: { SESSION_JURISDICTION: "us" } });
  // There both are sessions that were created, and that nothing has come of.
  expectAck(await half.at(after).send(500), { ...GAP, sessionId: half.sessionId, offset: 0 });
  expectAck(await whole.at(after).close(), { ...INVALID, sessionId: whole.sessionId });
});
