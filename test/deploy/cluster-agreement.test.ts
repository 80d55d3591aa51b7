import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BUCKET, CREDENTIALS } from "../cluster/backend.ts";
import { Store } from "../cluster/store.ts";
import { freePort } from "../support/free-port.ts";
import { createSession, formatPacketHead } from "../support/bits-client.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { eventsOf, runServe, type ServedEdge, startServedEdge } from "./served-edge.ts";

const KEY = "a session key of thirty-two letters";

let folder: string;
let store: Store;
let env: Record<string, string>;
const started: ServedEdge[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bits-agreement-"));
  store = await Store.start();
  env = {
    ORIGIN_URL: "http://127.0.0.1:1",
    UPLOAD_DIRECTORIES: '[{"path":"/one/"}]',
    SESSION_KEY: KEY,
    CLUSTER: `s3://${BUCKET}/edge`,
    CLUSTER_KEY: "a cluster key, of thirty-two letters",
    AWS_ENDPOINT_URL: store.endpoint,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
  started.push(await startServedEdge(await argsFor("first"), env));
});
afterAll(async () => {
  await Promise.all(started.map(async ({ program }) => program.end("SIGKILL")));
  await store.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

async function argsFor(name: string, ...more: string[]): Promise<string[]> {
  const doors = ["--http", "0", "--tcp", "0", "--state", join(folder, name)];
  return [...doors, "--cluster-address", String(await freePort()), ...more];
}

/** What an edge says that does not start. */
async function refusal(args: readonly string[], own: Readonly<Record<string, string>>): Promise<string> {
  const { program, logs } = runServe(["--no-build", ...args], { ...env, ...own });
  await program.failure().catch(() => undefined);
  return logs.map(({ text }) => text).join("\n");
}

test("an edge that is set as the first one joins the cluster, and is ready", async () => {
  const edge = await startServedEdge(["--no-build", ...(await argsFor("second"))], env);
  started.push(edge);
  expect(eventsOf(edge.logs, "ready")).toMatchObject([{ sessions: `s3://${BUCKET}/edge` }]);
  for (const { ports } of started) {
    const answer = await fetch(`http://127.0.0.1:${ports.tcp}/ready`);
    expect([answer.status, await answer.json()]).toEqual([200, { ready: "yes" }]);
  }
});

test("an edge that is set differently does not start, and says in what", async () => {
  const others = { SESSION_KEY: `${KEY}!`, UPLOAD_DIRECTORIES: '[{"path":"/two/"}]' };
  const said = await refusal(await argsFor("third"), others);
  expect(said).toMatch(
    /SESSION_KEY, UPLOAD_DIRECTORIES of this edge differ from what .* has set for the cluster on /,
  );
  expect(said).toContain("--cluster-new-configuration");
  expect(said).not.toContain(KEY);
  const stranger = await refusal(await argsFor("fourth"), {
    CLUSTER_KEY: "another key of thirty-two letters",
  });
  expect(stranger).toContain("CLUSTER_KEY, or all settings, of this edge differ");
});

test("a bucket that refuses is told in a sentence", async () => {
  expect(await refusal(await argsFor("fifth"), { AWS_ACCESS_KEY_ID: "WRONG" })).toContain(
    "answers 403 InvalidAccessKeyId",
  );
  const nowhere = await refusal(await argsFor("sixth"), { CLUSTER: "s3://nowhere/edge" });
  expect(nowhere).toContain("There is no bucket nowhere at ");
});

test("a folder with sessions of an edge on its own, or of a cluster, stays what it is", async () => {
  const alone = join(folder, "alone");
  const { CLUSTER: _, ...single } = env;
  const doors = ["--no-build", "--http", "0", "--tcp", "0"];
  const edge = await startServedEdge([...doors, "--state", alone], single);
  // What it keeps is a session only when a Fragment has come.
  const connection = await RawConnection.open("127.0.0.1", edge.ports.tcp);
  const { sessionId = "" } = await createSession(connection, "/one/any.bin");
  const fields = { sessionId, first: 0, length: 3, total: 6 };
  await connection.send(formatPacketHead(connection, "/one/any.bin", "Fragment", fields));
  await connection.send("abc");
  expect((await connection.readResponse()).status).toBe(200);
  connection.destroy();
  await edge.program.end("SIGKILL");
  expect(await refusal(await argsFor("alone"), {})).toContain("has sessions from before the cluster");
  await started[0]?.program.end("SIGKILL");
  const { program, logs } = runServe([...doors, "--state", join(folder, "first")], single);
  await program.failure().catch(() => undefined);
  expect(logs.map(({ text }) => text).join("\n")).toContain("has sessions of a cluster");
});

test("--cluster-new-configuration makes an edge's settings the cluster's", async () => {
  const others = { ...env, UPLOAD_DIRECTORIES: '[{"path":"/one/"},{"path":"/two/"}]' };
  const args = await argsFor("seventh", "--cluster-new-configuration");
  started.push(await startServedEdge(["--no-build", ...args], others));
  expect(await refusal(await argsFor("eighth"), {})).toContain("UPLOAD_DIRECTORIES of this edge differs");
});
