import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

const FOLDER = join(import.meta.dirname, "..", "fixtures", "records", "v2");

/** What sessions of version 2 have stored, by the names of the files: SQL, as the files have it. */
export default async function setup(project: TestProject): Promise<void> {
  const files = await readdir(FOLDER);
  const records = await Promise.all(
    files
      .filter((file) => file.endsWith(".sql"))
      .map(async (file) => [file.replace(/\.sql$/, ""), await readFile(join(FOLDER, file), "utf8")] as const),
  );
  project.provide("records", Object.fromEntries(records));
}
