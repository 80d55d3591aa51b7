// package-lock.json must name every platform's build of every native package, or `npm ci` breaks on
// the systems that are left out. Exits 1 and lists what is missing.
import { readFileSync } from "node:fs";

const { packages } = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));

/** Node's resolution: the nearest node_modules above `from` that holds `name`. */
function isLocked(from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    if (packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === "") return false;
  }
}

const missing = Object.entries(packages).flatMap(([folder, entry]) =>
  Object.keys(entry.optionalDependencies ?? {})
    .filter((name) => !isLocked(folder, name))
    .map((name) => `${folder} wants ${name}`),
);
if (missing.length > 0) {
  console.error(
    `package-lock.json is not whole; choose releases whose every platform is published:\n${missing.join("\n")}`,
  );
  process.exit(1);
}
