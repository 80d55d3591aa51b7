import { type ChildProcess, spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { PROJECT, WORKER } from "./build.ts";
import { STOP_MILLISECONDS, writeClusterConfig } from "./cluster-config.ts";
import { Control } from "./control.ts";
import { explain } from "./explain.ts";
import type { Log } from "./log.ts";
import type { Machine } from "./machine.ts";
import type { ServeOptions } from "./options.ts";
import { ServeError } from "./serve-error.ts";
import type { Settings } from "./settings.ts";

/** How long requests that run may take after SIGTERM. What is cut off goes on later: nothing was acked. */
const GRACE_MILLISECONDS = 30_000;
/** A stopping edge of a cluster ends by itself, and would leave its sessions to its lease's end if it were killed before. */
const CLUSTER_GRACE_MILLISECONDS = STOP_MILLISECONDS + 5_000;

const CONFIGS = join(PROJECT, "deploy", "workerd");

/**
 * What becomes workerd. Ctrl-C goes to the whole group, and workerd takes SIGINT as an order to drop everything: it is
 * started with that signal ignored, and gets SIGTERM from us. It may open as many files as the system lets it. And it does
 * not outlive us: when descriptor 4 ends without a word, because this process was killed, it is killed too, so that
 * nothing is left at work in a state folder whose lock is free.
 */
const SHELL = `trap "" INT
ulimit -Sn "$(ulimit -Hn)" 2>/dev/null
{ read -r over <&4 || kill -KILL $$; } 3>&- &
exec "$@" 4<&-`;

/** workerd, with all its doors open. */
export interface Runtime {
  readonly pid: number;
  readonly doors: readonly Door[];
  /** How it ended: its exit code, or the signal that killed it. */
  readonly ended: Promise<number | string>;
  /** Ends it when its requests have ended, or after 30 s, or at once. */
  end(atOnce: boolean): void;
}

interface Door {
  /** Name of its socket in edge.capnp. */
  readonly socket: "http" | "tcp" | "tls";
  readonly port: number;
}

/**
 * Starts workerd and resolves when every door takes connections.
 *
 * @throws ServeError where it does not start: a port that is taken, a certificate that is missing
 */
export async function startRuntime(
  options: ServeOptions,
  settings: Settings,
  log: Log,
  machine: Machine,
): Promise<Runtime> {
  const control = new Control();
  const child = await launch(options, { ...settings, CONTROL_KEY: control.key }, machine.arguments);
  machine.watch(child.pid ?? 0);
  const leash = child.stdio[4] as Writable | null;
  leash?.on("error", () => undefined);
  const ended = Promise.withResolvers<number | string>();
  child.on("exit", (code, signal) => {
    leash?.end("over\n");
    ended.resolve(signal ?? code ?? 1);
  });
  if (child.stdout !== null) log.follow(child.stdout, false);
  const doors = await openDoors(child, options, control);
  log.follow(child.stderr as Readable, true);
  const grace = options.cluster === null ? GRACE_MILLISECONDS : CLUSTER_GRACE_MILLISECONDS;
  return {
    pid: child.pid ?? 0,
    doors,
    ended: ended.promise,
    end(atOnce) {
      if (atOnce) child.kill("SIGKILL");
      else void control.sayEnding().then(() => child.kill("SIGTERM"));
      setTimeout(() => child.kill("SIGKILL"), grace).unref();
    },
  };
}

async function launch(
  options: ServeOptions,
  settings: Settings,
  more: readonly string[],
): Promise<ChildProcess> {
  await must(WORKER, "Build the Worker first: npm run bundle, or leave --no-build out.");
  const args = ["serve", "--control-fd=3", `--directory-path=state=${options.state}`, ...more];
  for (const socket of ["http", "tcp", "tls"] as const) {
    if (options[socket] !== null) args.push(`--socket-addr=${socket}=${options[socket]}`);
  }
  if (options.certificates !== null) {
    for (const name of ["certificate.pem", "key.pem"]) {
      await must(join(options.certificates, name), "--certificates names the folder that has it.");
    }
    args.push(`--import-path=${options.certificates}`);
  }
  const base = options.tls === null ? "edge.capnp" : "edge-tls.capnp";
  if (options.cluster === null) {
    args.push(join(CONFIGS, base));
  } else {
    args.push("--experimental", `--import-path=${PROJECT}`);
    args.push(await writeClusterConfig(options.state, base, options.cluster));
  }
  const [command, before] =
    process.platform === "win32" ? [workerdPath(), []] : ["/bin/sh", ["-c", SHELL, "workerd", workerdPath()]];
  return spawn(command, [...before, ...args], {
    // Secrets by environment and not by argument: everyone on a machine can read arguments.
    env: { ...process.env, ...settings },
    // The Worker's lines are objects already: as JSON they go where ours go, without us between, and none is lost with us.
    stdio: ["ignore", options.log === "json" ? "inherit" : "pipe", "pipe", "pipe", "pipe"],
  });
}

/** workerd says on its control channel where each socket listens. */
async function openDoors(
  child: ChildProcess,
  { tls }: ServeOptions,
  control: Control,
): Promise<Runtime["doors"]> {
  const doors: Door[] = [];
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const message = JSON.parse(line) as { event: string; socket?: Door["socket"] | "control"; port?: number };
    if (message.socket === undefined || message.port === undefined) continue;
    if (message.socket === "control") control.port = message.port;
    else doors.push({ socket: message.socket, port: message.port });
    if (control.port !== null && doors.length === (tls === null ? 2 : 3)) return doors;
  }
  throw new ServeError(explain((await text(child.stderr as Readable)).trim()));
}

async function must(path: string, advice: string): Promise<void> {
  try {
    await access(path);
  } catch {
    throw new ServeError(`${path} cannot be read. ${advice}`);
  }
}

/** The runtime: an executable of over 100 MB. */
function workerdPath(): string {
  const require = createRequire(import.meta.url);
  return String((require("workerd") as { default: unknown }).default);
}
