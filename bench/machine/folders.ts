import { access, constants, mkdir, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where a measure's storage lies: in memory, where the system has such a folder, or on a disk. */
export type StorageKind = "memory" | "disk";

export const STORAGES: readonly StorageKind[] = ["memory", "disk"];

const MEMORY = "/dev/shm";
const TMPFS = 0x01021994;

/**
 * A folder of that kind, this process's own, so that two runs do not clean up after each other.
 *
 * @param disk where the disk is wanted; default: the system's folder for temporary files
 * @throws where the system has no folder in memory, or says that the disk's folder is in memory too
 */
export async function folderFor(kind: StorageKind, disk = tmpdir()): Promise<string> {
  const folder = join(kind === "memory" ? MEMORY : disk, `bits-edge-bench-${process.pid}`);
  if (kind === "memory" && !(await hasMemoryFolder()))
    throw new Error(`${MEMORY} is not a folder in memory here`);
  await mkdir(folder, { recursive: true });
  if (kind === "disk" && (await isInMemory(folder))) {
    throw new Error(`${folder} is in memory; give --disk a folder on a disk`);
  }
  return folder;
}

/** Whether this system has a folder in memory that we may write to: Linux does, others may not. */
export async function hasMemoryFolder(): Promise<boolean> {
  try {
    await access(MEMORY, constants.W_OK);
    return await isInMemory(MEMORY);
  } catch {
    return false;
  }
}

async function isInMemory(folder: string): Promise<boolean> {
  return (await statfs(folder)).type === TMPFS;
}
