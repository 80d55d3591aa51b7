// The edge on a machine of your own, in the foreground: builds the Worker, reads the settings of
// wrangler.toml, starts workerd on deploy/workerd/edge.capnp. `--help` says what can be chosen.
import { ServeError } from "./serve/serve-error.ts";
import { build } from "./serve/build.ts";
import { HELP, readOptions } from "./serve/options.ts";
import { ensureState, sessionKey } from "./serve/state.ts";
import { readSettings } from "./serve/settings.ts";
import { startRuntime } from "./serve/runtime.ts";

/** Builds, starts, waits for the end. Returns the exit code. */
async function serve(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === "help") {
    console.log(HELP);
    return 0;
  }
  const settings = await readSettings(process.env);
  await ensureState(options.state);
  settings["SESSION_KEY"] ??= await sessionKey(options.state);
  if (options.build) await build();
  const runtime = await startRuntime(options, settings);
  let signals = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      signals += 1;
      runtime.end(signals > 1);
    });
  }
  for (const { door, port } of runtime.doors) console.log(`bits-edge: ${door} door on port ${port}`);
  console.log(`bits-edge: ready, sessions in ${options.state}, uploads for ${settings["ORIGIN_URL"]}`);
  return await runtime.ended;
}

try {
  process.exitCode = await serve();
} catch (error) {
  if (!(error instanceof ServeError)) throw error;
  console.error(`bits-edge: ${error.message}`);
  process.exitCode = 1;
}
