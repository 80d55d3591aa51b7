import { mkdtemp, readdir, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TOKEN } from "./seat-client.ts";
import { SeatedRig } from "./seated-rig.ts";

const SESSION_KEY = "one key for both lives of this edge, 32 or more";

async function start(storage: string, secrets: Readonly<Record<string, string>>): Promise<SeatedRig> {
  const rig = await SeatedRig.start(1, { storage, secrets: { SESSION_KEY, ...secrets } });
  onTestFinished(async () => rig.stop());
  return rig;
}

/** Names of all tables in a folder of objects. */
async function tablesIn(storage: string): Promise<string[]> {
  const files = await readdir(storage, { recursive: true });
  return files
    .filter((path) => path.endsWith(".sqlite"))
    .flatMap((path) => {
      using database = new DatabaseSync(join(storage, path), { readOnly: true });
      const rows = database.prepare("SELECT name FROM sqlite_master").all() as { name: string }[];
      return rows.map(({ name }) => name);
    });
}

test("an object keeps a list only where an operator may read it, and lists its older sessions for the first one", async () => {
  const storage = await mkdtemp(join(tmpdir(), "bits-list-"));
  onTestFinished(async () => rm(storage, { recursive: true, force: true }));
  const unseen = await start(storage, {});
  using upload = await unseen.beginWhole(1_000);
  expect((await upload.close()).status).toBe(200);
  await unseen.edge.stop();
  const tables = await tablesIn(storage);
  expect(tables).toContain("sessions");
  expect(tables).not.toContain("listed");

  const seen = await start(storage, { OPERATOR_TOKEN: TOKEN });
  expect(await seen.list()).toMatchObject([{ session: upload.sessionName, state: "committed" }]);
  using later = await seen.beginWhole(1_000, "/others/");
  expect((await seen.list()).map(({ session }) => session)).toEqual([later.sessionName, upload.sessionName]);
  await seen.edge.stop();
  expect(await tablesIn(storage)).toContain("listed");
});
