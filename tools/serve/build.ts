import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packageFolder } from "../terminal/package-folder.ts";
import { ServeError } from "./serve-error.ts";

/** The project's folder: a clone, or the package where npm has put it. */
export const PROJECT = packageFolder();

/** Whether this runs from the sources of a clone. The package's Worker was built when it was packed. */
export const IS_SOURCE = import.meta.filename.endsWith(".ts");

/** What `npm run bundle` builds and edge.capnp embeds. */
export const WORKER = join(PROJECT, "dist", "worker.js");

/**
 * Builds the Worker as a deployment does, without a network.
 *
 * @throws ServeError with what wrangler said
 */
export async function build(): Promise<void> {
  const wrangler = join(
    dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
    "bin",
    "wrangler.js",
  );
  const args = [wrangler, "deploy", "--dry-run", "--outdir", dirname(WORKER)];
  const quiet = { CI: "true", WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false" };
  try {
    await promisify(execFile)(process.execPath, args, { cwd: PROJECT, env: { ...process.env, ...quiet } });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new ServeError(`The Worker could not be built.\n${said}`);
  }
}
