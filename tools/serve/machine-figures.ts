import { readdir, readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

/** Numbers by the names that the Worker's metrics have for them. */
export type Figures = Readonly<Record<string, number>>;

/**
 * How many files a process has open, and may have. Only Linux says so.
 *
 * @returns nothing elsewhere, and for a process that is gone
 */
export async function descriptorsOf(pid: number): Promise<Figures> {
  try {
    const [open, limits] = await Promise.all([
      readdir(`/proc/${pid}/fd`),
      readFile(`/proc/${pid}/limits`, "utf8"),
    ]);
    const [, most] = /^Max open files +(\d+)/m.exec(limits) ?? [];
    return {
      process_open_fds: open.length,
      ...(most === undefined ? {} : { process_max_fds: Number(most) }),
    };
  } catch {
    return {};
  }
}

/** The disk that a folder is on: its size, and what this user may still write. */
export async function diskOf(folder: string): Promise<Figures> {
  try {
    const { bsize, bavail, blocks } = await statfs(folder);
    return { bitsedge_disk_free_bytes: bavail * bsize, bitsedge_disk_size_bytes: blocks * bsize };
  } catch {
    return {};
  }
}

/** What is in a folder and all folders in it. A file that goes meanwhile does not count. */
export async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}
