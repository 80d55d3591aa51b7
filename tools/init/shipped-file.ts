import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageFolder } from "../terminal/package-folder.ts";

/** Text of a file that this package brings, by its path in the package. */
export async function shippedFile(path: string): Promise<string> {
  return await readFile(join(packageFolder(), path), "utf8");
}

/** What package.json says of a dependency: the version that this package was tested with. */
export async function shippedVersions(): Promise<{ readonly own: string; readonly wrangler: string }> {
  const said = JSON.parse(await shippedFile("package.json")) as {
    readonly version: string;
    readonly devDependencies?: Readonly<Record<string, string>>;
  };
  return { own: said.version, wrangler: said.devDependencies?.["wrangler"] ?? "latest" };
}
