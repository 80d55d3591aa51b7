import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bundle, bundle } from "../../test/support/bundle.ts";
import type { Destination } from "../client/upload.ts";
import { startBareWorkerd } from "../edge/bare-workerd.ts";
import { Helper } from "../helper.ts";
import { folderFor, type StorageKind } from "../machine/folders.ts";
import type { RawStorageJob, RawStorageResult } from "./raw-storage-process.ts";

/** A peer with a door that clients know the words of. */
export interface Peer {
  door(dialect: "tcp" | "http"): Destination;
  stop(): Promise<void>;
}

/** The Worker that reads and answers, and does nothing else, under bare workerd. */
export async function startNullWorker(): Promise<Peer> {
  return await startWorker("null-worker.js", await mkdtemp(join(tmpdir(), "null-worker-")));
}

/** The Worker with an object for each upload, and nothing around it. */
export async function startBareObject(storage: StorageKind, originUrl: string, disk?: string): Promise<Peer> {
  const folder = await mkdtemp(join(await folderFor(storage, disk), "bare-object-"));
  const durableObjects = [{ binding: "SESSIONS", className: "BareSession" }];
  return await startWorker("bare-object-worker.js", folder, durableObjects, { ORIGIN_URL: originUrl });
}

/** The Worker whose uploads share objects, and nothing around it. */
export async function startSharingObjects(
  objects: number,
  storage: StorageKind,
  originUrl: string,
  disk?: string,
): Promise<Peer> {
  const folder = await mkdtemp(join(await folderFor(storage, disk), "sharing-objects-"));
  const durableObjects = [{ binding: "SESSIONS", className: "SharingSessions" }];
  const vars = { ORIGIN_URL: originUrl, OBJECTS: objects };
  return await startWorker("sharing-object-worker.js", folder, durableObjects, vars);
}

async function startWorker(
  name: string,
  folder: string,
  durableObjects: Bundle["durableObjects"] = [],
  vars: Readonly<Record<string, string | number>> = {},
): Promise<Peer> {
  const module = join(import.meta.dirname, "..", "workers", name);
  const { compatibilityDate } = await bundle();
  const worker = await startBareWorkerd(
    folder,
    { module, compatibilityDate, compatibilityFlags: [], durableObjects },
    vars,
  );
  return {
    door: (dialect) => ({
      host: "127.0.0.1",
      port: dialect === "tcp" ? worker.tcpPort : worker.httpPort,
      dialect,
    }),
    async stop() {
      await worker[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs one raw write, and for SQLite the reading back, in a process of its own. */
export async function runRawStorage(
  job: Omit<RawStorageJob, "folder">,
  storage: StorageKind,
  disk?: string,
): Promise<RawStorageResult> {
  const helper = new Helper<RawStorageJob, RawStorageResult>(
    new URL("raw-storage-process.ts", import.meta.url),
  );
  try {
    return await helper.ask({ ...job, folder: await folderFor(storage, disk) });
  } finally {
    await helper.stop();
  }
}

/**
 * A tus server in a process of its own, with a fresh folder.
 *
 * @param originUrl of the one that gets each finished file, if the server is to promise what the edge does
 */
export async function startTus(
  storage: StorageKind,
  disk?: string,
  originUrl?: string,
): Promise<{ destination: Destination; stop(): Promise<void> }> {
  const helper = new Helper<object, number>(new URL("tus-process.ts", import.meta.url), [
    await folderFor(storage, disk),
    ...(originUrl === undefined ? [] : [originUrl]),
  ]);
  const port = await helper.ask({});
  return { destination: { host: "127.0.0.1", port, dialect: "tus" }, stop: () => helper.stop() };
}
