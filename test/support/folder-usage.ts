import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** What the files of a folder take of the disk, in bytes, as `du` counts it. */
export async function diskUsage(folder: string): Promise<number> {
  const sizes = await Promise.all(
    (await filesOf(folder)).map(async (file) => (await stat(file).catch(() => null))?.blocks ?? 0),
  );
  return sizes.reduce((sum, blocks) => sum + blocks * 512, 0);
}

/** Whether these bytes stand in any file of a folder. */
export async function isInFiles(folder: string, bytes: Buffer): Promise<boolean> {
  for (const file of await filesOf(folder)) {
    const content = await readFile(file).catch(() => Buffer.alloc(0)); // it may have gone meanwhile
    if (content.includes(bytes)) return true;
  }
  return false;
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
