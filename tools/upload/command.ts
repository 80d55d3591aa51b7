import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { authorization } from "../bits-client/credentials.ts";
import { readTlsSettings } from "../bits-client/tls-settings.ts";
import { CliError, type Ending, EXIT } from "../terminal/cli-error.ts";
import { paletteFor } from "../terminal/palette.ts";
import { type Destination, destinationsOf } from "./destination.ts";
import { defaultStateFolder, ensureStateFolder } from "./kept-upload.ts";
import type { UploadOptions } from "./options.ts";
import type { ReplyWish } from "./progress.ts";
import { barReporter, jsonReporter, lineReporter, type Reporter } from "./reporters.ts";
import { uploadOne, type UploadSettings } from "./upload-one.ts";

/**
 * The command: files to their URLs, so many at a time.
 *
 * @param args FILE… and the URL
 * @param signal aborted by Ctrl-C; what is kept then lets the same command go on
 * @returns the exit code: the worst of the files'
 * @throws CliError where nothing could be begun; the signal's reason
 */
export async function upload(
  args: readonly string[],
  options: UploadOptions,
  signal: AbortSignal,
): Promise<number> {
  const target = args.at(-1) ?? "";
  const destinations = destinationsOf(args.slice(0, -1), target);
  const stateFolder = resolve(options.state ?? defaultStateFolder(process.env));
  await ensureStateFolder(stateFolder);
  const settings: UploadSettings = {
    verb: options.verb,
    authorization: authorization(options, process.env),
    tls: await readTlsSettings(options),
    stateFolder,
    patience: {
      firstSeconds: options.retryDelay,
      longestSeconds: Math.max(600, options.retryDelay),
      noProgressSeconds: options.giveUpAfter,
    },
    deed: options.cancel ? "cancel" : options.fresh ? "fresh" : "upload",
    reply: wishOf(options.reply),
    replyPath: await replyPaths(options.reply, destinations.length),
    signal,
  };
  const reporter = reporterFor(options);
  try {
    return EXIT[worst(await runAll(destinations, settings, options.parallel, reporter))];
  } finally {
    reporter.end();
  }
}

async function runAll(
  destinations: readonly Destination[],
  settings: UploadSettings,
  parallel: number,
  reporter: Reporter,
): Promise<Ending[]> {
  const endings: Ending[] = [];
  const queue = destinations.values();
  const work = async (): Promise<void> => {
    // One iterator for all: each takes what is next.
    for (const destination of queue) {
      settings.signal.throwIfAborted();
      endings.push(await runOne(destination, settings, reporter));
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: parallel }, work));
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
  return endings;
}

async function runOne(
  destination: Destination,
  settings: UploadSettings,
  reporter: Reporter,
): Promise<Ending> {
  try {
    await uploadOne(destination, settings, (event) => reporter.tell(destination, event));
    return "done";
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    reporter.tell(destination, { event: "failed", ending: error.ending, because: error.message });
    return error.ending;
  }
}

/** A script has to look at the worst first: what nobody knows, what was refused, what only takes time. */
function worst(endings: readonly Ending[]): Ending {
  const order: readonly Ending[] = ["unknown", "usage", "refused", "unauthorized", "later"];
  return order.find((ending) => endings.includes(ending)) ?? "done";
}

function wishOf(reply: string | undefined): ReplyWish {
  if (reply === "none") return "none";
  return reply === undefined ? "offered" : "required";
}

/** `--reply PATH` is a file, or for several uploads a folder; without it a reply lies in the current folder. */
async function replyPaths(reply: string | undefined, files: number): Promise<(path: string) => string> {
  if (reply === undefined || reply === "none") return (path) => freeName(`${basename(path)}.reply`);
  const isFolder = await stat(reply).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (isFolder) return (path) => join(reply, `${basename(path)}.reply`);
  if (files === 1) return () => reply;
  throw new CliError("usage", `--reply: several replies need a folder, and ${reply} is none.`);
}

/** What nobody has named overwrites nothing. */
function freeName(name: string): string {
  let free = name;
  for (let number = 1; existsSync(free); number += 1) free = `${name}.${number}`;
  return free;
}

function reporterFor({ json, quiet }: UploadOptions): Reporter {
  if (json) return jsonReporter((text) => process.stdout.write(text));
  const palette = paletteFor(process.stderr);
  if (process.stderr.isTTY && !quiet) return barReporter(process.stderr, palette);
  const reporter = lineReporter((text) => process.stderr.write(text), palette);
  if (!quiet) return reporter;
  return {
    tell: (destination, event) => (event.event === "failed" ? reporter.tell(destination, event) : undefined),
    end: () => reporter.end(),
  };
}
