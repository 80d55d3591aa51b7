import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { CliError } from "../terminal/cli-error.ts";
import type { FileIdentity } from "./local-file.ts";
import { LARGEST_FRAGMENT_BYTES, type Progress, SMALLEST_FRAGMENT_BYTES, takeUp } from "./progress.ts";

const OFFSET = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const FRAGMENT = v.pipe(OFFSET, v.minValue(SMALLEST_FRAGMENT_BYTES), v.maxValue(LARGEST_FRAGMENT_BYTES));

const PROGRESS = v.pipe(
  v.strictObject({
    phase: v.picklist(["creating", "sending", "fetching", "closing"]),
    total: OFFSET,
    reply: v.picklist(["none", "offered", "required"]),
    sessionId: v.nullable(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,100}$/))),
    host: v.nullable(v.strictObject({ id: v.string(), fallbackTimeoutSeconds: v.nullable(OFFSET) })),
    offset: OFFSET,
    fragmentBytes: FRAGMENT,
    fragmentCeiling: FRAGMENT,
    mustPing: v.boolean(),
    replyUrl: v.nullable(v.string()),
    closes: OFFSET,
    sessions: v.pipe(OFFSET, v.minValue(1)),
  }),
  v.check(({ offset, total }) => offset <= total),
);

const KEPT = v.strictObject({
  version: v.literal(1),
  file: v.string(),
  url: v.string(),
  identity: v.strictObject({ size: OFFSET, modified: v.string(), inode: v.string() }),
  progress: PROGRESS,
});

/** Where uploads that are under way are kept, if `--state` does not say: XDG Base Directory Specification. */
export function defaultStateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const base = environment["XDG_STATE_HOME"] ?? "";
  return join(base.startsWith("/") ? base : join(homedir(), ".local", "state"), "bits-edge", "uploads");
}

/** An upload's name in the state folder: the same file to the same URL is the same upload. */
export function keyOf(file: string, url: string): string {
  return createHash("sha256").update(`${file}\n${url}`).digest("hex").slice(0, 32);
}

/** What is kept of one upload, in a file of its own: whole or not at all, whenever the machine stops. */
export class KeptUpload {
  readonly #path: string;
  readonly #of: { readonly file: string; readonly url: string };
  readonly #folder: string;

  /** @param folder made by {@link ensureStateFolder} */
  constructor(folder: string, file: string, url: string) {
    this.#folder = folder;
    this.#of = { file, url };
    this.#path = join(folder, `${keyOf(file, url)}.json`);
  }

  /** What was kept; null where there is nothing, or nothing that can be read. */
  async read(): Promise<{ readonly identity: FileIdentity; readonly progress: Progress } | null> {
    let kept: unknown;
    try {
      kept = JSON.parse(await readFile(this.#path, "utf8"));
    } catch {
      return null;
    }
    const parsed = v.safeParse(KEPT, kept);
    if (!parsed.success) return null;
    const { identity, progress } = parsed.output;
    return { identity, progress: takeUp(progress) };
  }

  /** Resolves when it is on disk: written beside, synced, renamed. */
  async write(identity: FileIdentity, progress: Progress): Promise<void> {
    const beside = `${this.#path}.new`;
    const kept = { version: 1, ...this.#of, identity, progress };
    try {
      // A session id is as good as the right to write to that session.
      const file = await open(beside, "w", 0o600);
      try {
        await file.writeFile(`${JSON.stringify(kept, null, 1)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.#path);
      await syncFolder(this.#folder);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new CliError(
        "later",
        `The state of the upload cannot be written to ${this.#folder} (${code}); --state names another folder.`,
      );
    }
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

/**
 * Makes the folder, for this user alone.
 *
 * @throws CliError where that is not allowed
 */
export async function ensureStateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CliError(
      "usage",
      `The state folder ${folder} cannot be made (${code}); --state names another.`,
    );
  }
}

/** A rename is on disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
