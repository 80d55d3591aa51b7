import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Text of a file that this package brings, by its path in the package. */
export async function shippedFile(path: string): Promise<string> {
  return await readFile(join(await packageFolder(), path), "utf8");
}

/** What package.json says of a dependency: the version that this package was tested with. */
export async function shippedVersions(): Promise<{ readonly own: string; readonly wrangler: string }> {
  const said = JSON.parse(await shippedFile("package.json")) as {
    readonly version: string;
    readonly devDependencies?: Readonly<Record<string, string>>;
  };
  return { own: said.version, wrangler: said.devDependencies?.["wrangler"] ?? "latest" };
}

/** The nearest folder above this file whose package.json is ours, wherever a build has put this file. */
async function packageFolder(): Promise<string> {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const text = await readFile(join(folder, "package.json"), "utf8").catch(() => "{}");
    if ((JSON.parse(text) as { name?: unknown }).name === "bits-edge") return folder;
    if (folder === dirname(folder)) throw new Error("this file is in no package bits-edge");
  }
}
