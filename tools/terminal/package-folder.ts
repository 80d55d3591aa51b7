import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The nearest folder above this file whose package.json is ours, wherever a build has put this file. */
export function packageFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (isOurs(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) throw new Error("this file is in no package bits-edge");
  }
}

function isOurs(manifest: string): boolean {
  if (!existsSync(manifest)) return false;
  return (JSON.parse(readFileSync(manifest, "utf8")) as { name?: unknown }).name === "bits-edge";
}
