import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectionsFor } from "../../tools/serve/descriptors.ts";
import { createSession, ping } from "../support/bits-client.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource } from "../support/upload-source.ts";
import { eventsOf, holderOf, startServedEdge, until } from "./served-edge.ts";

let folder: string;
let origin: LegacyOrigin;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bits-descriptors-"));
  origin = await startLegacyOrigin();
});
afterAll(async () => {
  await origin.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

const open = async (port: number) => RawConnection.open("127.0.0.1", port, { timeoutMilliseconds: 60_000 });

/** The door's answer to a ping: 200, 503, or null where it gave none. */
async function pinged(port: number): Promise<number | null> {
  let connection: RawConnection | null = null;
  try {
    connection = await open(port);
    return (await ping(connection, "/incoming/any.bin")).status;
  } catch {
    return null;
  } finally {
    connection?.destroy();
  }
}

test.each([256, 1_024])(
  "at %d descriptors the door is full before the system is, and what runs goes on",
  async (descriptors) => {
    const state = join(folder, String(descriptors));
    const env = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: '[{"path":"/incoming/"}]' };
    const edge = await startServedEdge(["--http", "0", "--tcp", "0", "--state", state], env, { descriptors });
    const { tcp } = edge.ports;
    const url = `http://127.0.0.1:${tcp}/incoming/${descriptors}.bin`;
    try {
      expect(eventsOf(edge.logs, "few-descriptors")).toMatchObject([{ limit: descriptors }]);
      const { runtime } = await holderOf(state);
      // As many as it takes, each with a session: what a connection costs at most but for a commit.
      const room = connectionsFor(descriptors);
      const held: RawConnection[] = [];
      for (let count = 0; count < room; count++) {
        const connection = await open(tcp);
        held.push(connection);
        expect((await createSession(connection, `/incoming/held-${count}.bin`)).status).toBe(200);
      }
      for (let count = 0; count < descriptors; count++) expect(await pinged(tcp)).toBe(503);
      expect((await ping(held[0] ?? (await open(tcp)), "/incoming/any.bin")).status).toBe(200);
      // One leaves, and an upload comes in its place: more than one time, so that none is counted for ever.
      held.pop()?.destroy();
      await until(async () => (await pinged(tcp)) === 200, "a place in the door");
      const source = patternSource(3 << 20, "in its place");
      expect((await uploadFile(source, url, { tries: 300 })).closeAck.status).toBe(200);
      expect(await holderOf(state)).toMatchObject({ runtime });
      for (const connection of held) connection.destroy();

      // All at once the runtime takes connections faster than the Worker can refuse them. It may end by that, but the
      // edge does not.
      const burst = Array.from({ length: 4 * descriptors }, async () => pinged(tcp));
      const answers = await Promise.all(burst);
      await until(async () => (await pinged(tcp)) === 200, "the door is open again");
      const again = `http://127.0.0.1:${tcp}/incoming/${descriptors}-after.bin`;
      expect((await uploadFile(source, again, { tries: 300 })).closeAck.status).toBe(200);
      const count = (status: number | null): number => answers.filter((answer) => answer === status).length;
      console.log(
        `limit ${descriptors}: room for ${room}; of ${answers.length} at once ${count(200)} were served, ` +
          `${count(503)} refused, ${count(null)} cut off; the runtime ended ${eventsOf(edge.logs, "runtime-ended").length} times`,
      );
    } finally {
      await edge.program.end("SIGKILL");
    }
  },
);
