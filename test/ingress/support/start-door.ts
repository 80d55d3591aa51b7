import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { DoorLimits } from "../../../src/ingress/door-limits.ts";
import { ChildProgram, type LogLine } from "../../support/child-program.ts";
import { workerdBinary } from "../../support/edge-workerd.ts";
import { RawConnection } from "../../support/raw-connection.ts";

/** Whether this machine has an IPv6 loopback; containers often have none. */
export const HAS_IPV6: boolean = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === "::1");

const ADDRESSES: Readonly<Record<string, string>> = {
  ipv4: "127.0.0.1:0",
  ...(HAS_IPV6 ? { ipv6: "[::1]:0" } : {}),
};

/** The TCP door, running for real in the bare runtime with the probe Worker behind it. */
export class Door {
  readonly logs: LogLine[];
  readonly #ports: ReadonlyMap<string, number>;
  readonly #program: ChildProgram;
  readonly #folder: string;

  constructor(program: ChildProgram, ports: ReadonlyMap<string, number>, logs: LogLine[], folder: string) {
    this.#program = program;
    this.#ports = ports;
    this.logs = logs;
    this.#folder = folder;
  }

  /** The port on 127.0.0.1. */
  get port(): number {
    return this.#ports.get("ipv4") ?? 0;
  }

  /** A new connection; by IPv4 unless told otherwise. */
  connect(family: "ipv4" | "ipv6" = "ipv4"): Promise<RawConnection> {
    const host = family === "ipv4" ? "127.0.0.1" : "::1";
    return RawConnection.open(host, this.#ports.get(family) ?? 0, { timeoutMilliseconds: 15_000 });
  }

  /** Sends `bytes` on a connection of its own and gives all that comes back until it ends, by FIN or by reset. */
  async exchange(bytes: string | Uint8Array): Promise<string> {
    const socket = connect(this.port, "127.0.0.1");
    const received: Buffer[] = [];
    socket.on("data", (part) => received.push(part));
    socket.on("error", () => {});
    socket.write(bytes);
    await new Promise((resolve) => socket.once("close", resolve));
    return Buffer.concat(received).toString("latin1");
  }

  /** Logged objects with this `event`, so far. */
  events(event: string): unknown[] {
    return this.logs
      .map(({ json }) => json)
      .filter((json) => typeof json === "object" && json !== null && "event" in json && json.event === event);
  }

  /** Lines of the log that are nobody's event: uncaught errors, warnings. */
  get noise(): string[] {
    return this.logs.filter(({ json }) => json === undefined).map(({ text }) => text);
  }

  /** The runtime's resident memory. */
  async residentBytes(): Promise<number> {
    return (await this.#program.rssBytes("workerd")) ?? 0;
  }

  async stop(): Promise<void> {
    await this.#program.end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What may be said of a door as JSON; `proxies` are the addresses whose connections begin with a PROXY header. */
export type ProbeLimits = Partial<Omit<DoorLimits, "isAnnounced">> & { readonly proxies?: readonly string[] };

/** Bundles the probe Worker and serves it on free ports of the loopback addresses there are. */
export async function startDoor(limits: ProbeLimits = {}): Promise<Door> {
  const folder = await mkdtemp(join(tmpdir(), "bits-edge-door-"));
  const logs: LogLine[] = [];
  await bundleProbe(join(folder, "worker.js"));
  const config = join(folder, "door.capnp");
  await writeFile(config, formatConfig(limits));
  const args = ["serve", "--control-fd=3", config];
  const program = new ChildProgram(workerdBinary(), { args, logs, control: true, cwd: folder });
  const ports = await Promise.race([listeningPorts(program), program.failure()]);
  return new Door(program, ports, logs, folder);
}

/** esbuild is wrangler's, and bundles what wrangler would bundle. */
async function bundleProbe(outfile: string): Promise<void> {
  const ofWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
  const esbuild = join(dirname(ofWrangler.resolve("esbuild/package.json")), "bin", "esbuild");
  const entry = join(import.meta.dirname, "probe-worker.js");
  const options = [
    "--bundle",
    "--format=esm",
    "--target=es2024",
    "--log-level=warning",
    `--outfile=${outfile}`,
  ];
  await promisify(execFile)(esbuild, [entry, ...options]);
}

function formatConfig(limits: ProbeLimits): string {
  const sockets = Object.entries(ADDRESSES).map(
    ([name, address]) => `(name = "${name}", address = "${address}", tcp = (), service = "main")`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const door :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = "2026-10-01",
    bindings = [(name = "LIMITS", json = ${JSON.stringify(JSON.stringify(limits))})]
  ))],
  sockets = [${sockets.join(", ")}]
);
`;
}

async function listeningPorts(program: ChildProgram): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for await (const line of program.controlLines) {
    const message: unknown = JSON.parse(line);
    if (typeof message === "object" && message !== null && "socket" in message && "port" in message) {
      ports.set(String(message.socket), Number(message.port));
    }
    if (ports.size === Object.keys(ADDRESSES).length) return ports;
  }
  throw new Error("workerd closed its control channel before it listened");
}
