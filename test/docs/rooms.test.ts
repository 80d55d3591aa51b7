import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

/** The walls between the rooms of src/: the lint rules hold them, CONTRIBUTING.md tells them, and here both are tried. */
const ROOT = join(import.meta.dirname, "..", "..");

interface Override {
  readonly files: readonly string[];
  readonly rules: {
    readonly "no-restricted-imports"?: readonly [
      string,
      { readonly patterns: readonly { group: string[] }[] },
    ];
  };
}

/** What a file of a room may import, as the rules write it: `../http1/*`, `../ingress/arrival.ts`, `hono`. */
const allowed = new Map<string, readonly string[]>();
/** What CONTRIBUTING.md says of the same: `http1`, `ingress/arrival.ts`, `hono`. */
const told = new Map<string, readonly string[]>();
let rooms: string[];

beforeAll(async () => {
  const { overrides } = JSON.parse(await readFile(join(ROOT, ".oxlintrc.json"), "utf8")) as {
    overrides: readonly Override[];
  };
  for (const { files, rules } of overrides) {
    const room = /^src\/([\w/]+)\/\*\*?$/.exec(files[0] ?? "")?.[1];
    const [group] = rules["no-restricted-imports"]?.[1].patterns.map((pattern) => pattern.group) ?? [];
    if (room === undefined || group === undefined) continue;
    expect(group.slice(0, 2), `${room} is an allow-list`).toEqual(["**", "!./*"]);
    allowed.set(
      room,
      group.slice(2).map((pattern) => pattern.slice(1)),
    );
  }
  for (const line of (await readFile(join(ROOT, "CONTRIBUTING.md"), "utf8")).split("\n")) {
    const [, room, cell] = /^\| `src\/([\w/]+)\/` \|.*\|([^|]*)\|$/.exec(line) ?? [];
    if (room === undefined) continue;
    told.set(
      room,
      Array.from(cell?.matchAll(/`([^`]+)`/g) ?? [], ([, name = ""]) => name),
    );
  }
  const entries = await readdir(join(ROOT, "src"), { withFileTypes: true, recursive: true });
  // A room may have one inside, with a wall of its own.
  rooms = entries
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => relative(join(ROOT, "src"), join(parentPath, name)));
});

test("every room of src/ has a wall, and a row in CONTRIBUTING.md that says the same", () => {
  expect([...allowed.keys()].toSorted()).toEqual(rooms.toSorted());
  expect([...told.keys()].toSorted()).toEqual(rooms.toSorted());
  for (const [room, patterns] of allowed) {
    const names = patterns.map((pattern) => pattern.replace(/^(?:\.\.\/)+/, "").replace(/\/\*$/, ""));
    expect(told.get(room)?.toSorted(), room).toEqual(names.toSorted());
  }
});

test("no file of src/ imports at run time, where no wall can see it", async () => {
  const files = await readdir(join(ROOT, "src"), { recursive: true });
  for (const file of files.filter((name) => /\.tsx?$/.test(name))) {
    const text = await readFile(join(ROOT, "src", file), "utf8");
    expect(text, file).not.toMatch(/\bimport\(|\brequire\(/);
  }
});

describe("A planted import", () => {
  /** Every import that a file of each room could have, and whether its wall lets it through. */
  const planted: { readonly file: string; readonly from: string; readonly isAllowed: boolean }[] = [];
  let refused: Set<string>;

  beforeAll(async () => {
    for (const room of rooms) {
      const open = new Set(allowed.get(room));
      const up = "../".repeat(room.split("/").length);
      const sources = ["./planted.ts", `${up}env.ts`, `${up}worker.ts`, "node:fs", "hono"];
      for (const other of rooms) {
        if (other === room) continue;
        sources.push(`${up}${other}/planted.ts`, ...[...open].filter(isFileOf(`${up}${other}/`)));
      }
      for (const from of sources) {
        const isAllowed = from === "./planted.ts" || open.has(from) || open.has(`${dirname(from)}/*`);
        planted.push({ file: `src/${room}/planted-${planted.length}.ts`, from, isAllowed });
      }
    }
    refused = await lint(planted);
  });

  test("that a wall forbids fails the lint, in every room and from every room", () => {
    const breaches = planted.filter(({ isAllowed }) => !isAllowed);
    expect(new Set(breaches.map(({ file }) => dirname(file).slice("src/".length)))).toEqual(new Set(rooms));
    expect(breaches.filter(({ file }) => !refused.has(file))).toEqual([]);
  });

  test("that a wall allows passes it", () => {
    expect(planted.filter(({ file, isAllowed }) => isAllowed && refused.has(file))).toEqual([]);
  });
});

const isFileOf = (folder: string) => (pattern: string) =>
  pattern.startsWith(folder) && pattern.endsWith(".ts");

/** Lints one file for each import, in a folder of its own that has the project's rules; gives the files that fail. */
async function lint(
  files: readonly { readonly file: string; readonly from: string }[],
): Promise<Set<string>> {
  const folder = await mkdtemp(join(tmpdir(), "bits-edge-walls-"));
  try {
    for (const { file, from } of files) {
      await mkdir(join(folder, dirname(file)), { recursive: true });
      await writeFile(join(folder, file), `export * from ${JSON.stringify(from)};\n`);
    }
    await writeFile(join(folder, ".oxlintrc.json"), await readFile(join(ROOT, ".oxlintrc.json"), "utf8"));
    const packageJson = createRequire(import.meta.url).resolve("oxlint/package.json");
    const program = join(dirname(packageJson), "bin", "oxlint");
    const output = await new Promise<string>((resolve) => {
      // It ends with 1 where it finds something.
      execFile(
        process.execPath,
        [program, "--format", "json"],
        { cwd: folder, maxBuffer: 2 ** 26 },
        (_, stdout) => {
          resolve(stdout);
        },
      );
    });
    const { diagnostics } = JSON.parse(output) as {
      diagnostics: readonly { code: string; filename: string }[];
    };
    const walls = diagnostics.filter(({ code }) => code.includes("no-restricted-imports"));
    return new Set(walls.map(({ filename }) => filename));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
