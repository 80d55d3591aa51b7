import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";

/** Packages that a file asks for, by their names; wrangler only builds, which an image's edge does not. */
async function packagesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".ts"));
  const sources = await Promise.all(
    files.map(async (entry) => readFile(join(entry.parentPath, entry.name), "utf8")),
  );
  const imported = sources.join("\n").matchAll(/(?:from |require\()"([^".:][^":]*)"/g);
  return [...new Set(Array.from(imported, ([, name = ""]) => name))].filter((name) => name !== "wrangler");
}

test("the image has every package that serve imports", async () => {
  const containerfile = await readFile(join(PROJECT, "deploy", "Containerfile"), "utf8");
  const [, kept = ""] = /cp -R (workerd .*) \.\.\/kept/.exec(containerfile) ?? [];
  const needed = [
    ...(await packagesOf(join(PROJECT, "tools", "serve"))),
    ...(await packagesOf(join(PROJECT, "src", "config"))),
  ];
  expect(needed).toContain("smol-toml");
  expect(kept.split(" ").toSorted()).toEqual([...new Set(needed)].toSorted());
});

test("the image runs as a user of no rights, keeps one folder, and ends as systemd ends it", async () => {
  const containerfile = await readFile(join(PROJECT, "deploy", "Containerfile"), "utf8");
  const last = containerfile.slice(containerfile.lastIndexOf("\nFROM "));
  expect(last).toMatch(/^USER node$/m);
  expect(last).toMatch(/^VOLUME \/var\/lib\/bits-edge$/m);
  expect(last).toMatch(/^ENTRYPOINT \["node", "tools\/serve\.ts", "--no-build"\]$/m);
});
