import { type ChildProcess, spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { PROJECT, WORKER } from "./build.ts";
import type { ServeOptions } from "./options.ts";
import { ServeError } from "./serve-error.ts";
import type { Settings } from "./settings.ts";

/** How long requests that run may take after SIGTERM. What is cut off goes on later: nothing was acked. */
const GRACE_MILLISECONDS = 30_000;

/** workerd, with all its doors open. */
export interface Runtime {
  readonly doors: readonly { readonly door: string; readonly port: number }[];
  /** The exit code: 0 after {@link Runtime.end}. */
  readonly ended: Promise<number>;
  /** Ends it when its requests have ended, or after 30 s, or at once. */
  end(atOnce: boolean): void;
}

/**
 * Starts workerd and resolves when every door takes connections.
 *
 * @throws ServeError where it does not start: a port that is taken, a certificate that is missing
 */
export async function startRuntime(options: ServeOptions, settings: Settings): Promise<Runtime> {
  const child = await launch(options, settings);
  const ended = Promise.withResolvers<number>();
  let ending = false;
  child.on("exit", (code, signal) => {
    if (!ending) console.error(`bits-edge: workerd ended by itself (${signal ?? `exit code ${code}`})`);
    ended.resolve(ending ? 0 : (code ?? 1));
  });
  const doors = await openDoors(child, options);
  return {
    doors,
    ended: ended.promise,
    end(atOnce) {
      ending = true;
      child.kill(atOnce ? "SIGKILL" : "SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), GRACE_MILLISECONDS).unref();
    },
  };
}

async function launch(options: ServeOptions, settings: Settings): Promise<ChildProcess> {
  await must(WORKER, "Build the Worker first: npm run bundle, or leave --no-build out.");
  const sockets = {
    http: options.http,
    tcp: options.tcp,
    ...(options.tls === null ? {} : { tls: options.tls }),
  };
  const args = ["serve", "--control-fd=3", `--directory-path=state=${options.state}`];
  for (const [name, address] of Object.entries(sockets)) args.push(`--socket-addr=${name}=${address}`);
  if (options.certificates !== null) {
    for (const name of ["certificate.pem", "key.pem"]) {
      await must(join(options.certificates, name), "--certificates names the folder that has it.");
    }
    args.push(`--import-path=${options.certificates}`);
  }
  args.push(join(PROJECT, "deploy", "workerd", options.tls === null ? "edge.capnp" : "edge-tls.capnp"));
  // Ctrl-C goes to the whole group, and workerd takes SIGINT as an order to drop everything: it is started
  // with that signal ignored, and gets SIGTERM from us.
  const [command, before] =
    process.platform === "win32"
      ? [workerdPath(), []]
      : ["/bin/sh", ["-c", 'trap "" INT; exec "$@"', "workerd", workerdPath()]];
  return spawn(command, [...before, ...args], {
    // Secrets by environment and not by argument: everyone on a machine can read arguments.
    env: { ...process.env, ...settings },
    stdio: ["ignore", "inherit", "pipe", "pipe"],
  });
}

/** workerd says on its control channel where each socket listens. */
async function openDoors(child: ChildProcess, { tls }: ServeOptions): Promise<Runtime["doors"]> {
  const control = child.stdio[3] as Readable;
  const errors = child.stderr as Readable;
  const doors: { door: string; port: number }[] = [];
  for await (const line of createInterface({ input: control })) {
    const message = JSON.parse(line) as { event: string; socket?: string; port?: number };
    if (message.socket === undefined || message.port === undefined) continue;
    doors.push({ door: message.socket.toUpperCase(), port: message.port });
    if (doors.length < (tls === null ? 2 : 3)) continue;
    errors.pipe(process.stderr);
    return doors;
  }
  throw new ServeError(explain((await text(errors)).trim()));
}

/** workerd's words for what goes wrong most often, in ours. */
function explain(said: string): string {
  const [, door] = /Socket "(\w+)": bind\(\): Address already in use/.exec(said) ?? [];
  if (door !== undefined) {
    return `The port of the ${door.toUpperCase()} door is taken by another program; choose another with --${door}.`;
  }
  const [, refused] = /Socket "(\w+)": bind\(\): Permission denied/.exec(said) ?? [];
  if (refused !== undefined) {
    return `This user may not open the port of the ${refused.toUpperCase()} door; choose one above 1023 with --${refused}.`;
  }
  return `workerd does not start.\n${said}`;
}

async function must(path: string, advice: string): Promise<void> {
  try {
    await access(path);
  } catch {
    throw new ServeError(`${path} cannot be read. ${advice}`);
  }
}

/** The runtime that wrangler brings. */
function workerdPath(): string {
  const ofWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
  return String((ofWrangler("workerd") as { default: unknown }).default);
}
