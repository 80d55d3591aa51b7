// The edge on a machine of your own, in the foreground: builds the Worker (in a clone), reads the settings, starts workerd on
// deploy/workerd/edge.capnp, and again where it ends by itself. `--help` says what can be chosen.
import { build, IS_SOURCE } from "./serve/build.ts";
import { checkConfiguration } from "./serve/check.ts";
import { HELP } from "./serve/help.ts";
import { StateLock } from "./serve/lock.ts";
import { openLog } from "./serve/log.ts";
import { Machine } from "./serve/machine.ts";
import { readOptions } from "./serve/options.ts";
import { ServeError } from "./serve/serve-error.ts";
import { Service } from "./serve/service.ts";
import { checkSessions, ensureState } from "./serve/state.ts";

/** Starts it and waits for its end. Returns the exit code. */
async function serve(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env, process.stdout.isTTY);
  if (options === "help") {
    console.log(HELP);
    return 0;
  }
  if (options.check) {
    console.log(`bits-edge: ${await checkConfiguration(options, process.env)}`);
    return 0;
  }
  await ensureState(options.state);
  const lock = await StateLock.take(options.state);
  const machine = await Machine.open(options.state);
  try {
    await checkSessions(options.state, options.cluster !== null);
    if (options.build && IS_SOURCE) await build();
    const log = openLog(options.log, process.stdout, process.stderr);
    return await new Service(options, process.env, lock, log, machine).run();
  } finally {
    machine.close();
    lock.free();
  }
}

try {
  process.exitCode = await serve();
} catch (error) {
  if (!(error instanceof ServeError)) throw error;
  console.error(`bits-edge: ${error.message}`);
  process.exitCode = 1;
}
