import { mkdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "smol-toml";
import { run as importIis } from "../import-iis/run.ts";
import { CliError, EXIT } from "../terminal/cli-error.ts";
import { type Answers, asDirectory, type DirectorySettings, mustBeRight } from "./answers.ts";
import { askDirectories, askGateway, askHost, askOrigin, askPublicUrl, askTarget } from "./ask.ts";
import { filesFor, type NewFile } from "./files.ts";
import type { InitOptions } from "./options.ts";

/**
 * The command: asks what it was not told, has the edge check it, and writes the files.
 *
 * @throws CliError where something is missing or wrong; then nothing was written
 */
export async function init(folder: string, options: InitOptions): Promise<number> {
  const answers = await answersFrom(options, !options.yes && process.stdin.isTTY);
  mustBeRight(answers);
  const files = await filesFor(answers);
  await write(resolve(folder), files, options.force);
  for (const { path } of files) process.stdout.write(`wrote ${join(folder, path)}\n`);
  process.stdout.write(`\n${nextSteps(answers)}\n`);
  return EXIT.done;
}

async function answersFrom(options: InitOptions, asks: boolean): Promise<Answers> {
  const target = options.target ?? (asks ? await askTarget() : "own-machine");
  const imported = options.from === undefined ? null : await fromIis(options);
  const originUrl = options.origin ?? imported?.originUrl ?? (asks ? await askOrigin() : null);
  if (originUrl === null)
    throw new CliError("usage", "--origin: name the server that gets the finished uploads.");
  const named = options.directory?.map(asDirectory) ?? imported?.directories;
  const directories = named ?? (asks ? await askDirectories() : [asDirectory("uploads")]);
  const gateway = options.gateway ?? (asks ? await askGateway(target) : "none");
  const needsHost = target === "cloudflare" && gateway !== "none";
  const host = options.host ?? (needsHost && asks ? await askHost() : null);
  const isReferred = directories.some(({ notification }) => notification === "by-reference");
  const publicUrl = options.publicUrl ?? (isReferred && asks ? await askPublicUrl() : null);
  return { target, originUrl, directories, publicUrl, gateway, host };
}

/** What is not carried over of an IIS' settings goes to stderr, as from import-iis itself. */
async function fromIis({ from = "", site, origin }: InitOptions): Promise<{
  readonly originUrl: string | null;
  readonly directories: DirectorySettings[];
}> {
  const args = [
    from,
    ...(site === undefined ? [] : ["--site", site]),
    ...(origin === undefined ? [] : ["--origin", origin]),
  ];
  const { exitCode, stdout, stderr } = await importIis(args);
  process.stderr.write(stderr);
  if (exitCode !== 0) throw new CliError("usage", `--from: ${from} could not be read.`);
  const { vars } = parse(stdout) as {
    vars: { ORIGIN_URL?: string; UPLOAD_DIRECTORIES: DirectorySettings[] };
  };
  return { originUrl: vars.ORIGIN_URL ?? null, directories: vars.UPLOAD_DIRECTORIES };
}

async function write(folder: string, files: readonly NewFile[], force: boolean): Promise<void> {
  const there = files.map(({ path }) => path).filter((path) => existsSync(join(folder, path)));
  if (there.length > 0 && !force) {
    throw new CliError(
      "usage",
      `${there.join(", ")} would be overwritten; --force does it. Nothing was written.`,
    );
  }
  await mkdir(folder, { recursive: true });
  for (const { path, text, isSecret = false } of files) {
    await writeFile(join(folder, path), text, { mode: isSecret ? 0o600 : 0o644 });
  }
}

function nextSteps({ target, gateway }: Answers): string {
  const steps =
    target === "own-machine"
      ? [
          `npx bits-edge serve --config edge.toml${gateway === "none" ? " --tcp '*:80'" : ""}`,
          "npx bits-edge doctor http://THIS-MACHINE/uploads/     says whether uploads arrive",
        ]
      : [
          "npm install && npm run dev                    the edge on this machine",
          "npx wrangler secret put SESSION_KEY           32 random characters or more",
          "npm run deploy",
          "npx bits-edge doctor https://YOUR-NAME/uploads/     says whether uploads arrive",
        ];
  const lines = ["Next:", ...steps.map((step) => `  ${step}`)];
  if (gateway !== "none")
    lines.push(`  The lines of the ${gateway} file that say "yours" are yours to change.`);
  return lines.join("\n");
}
