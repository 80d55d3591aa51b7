import { copyFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bundle, type Bundle } from "./bundle.ts";
import { ChildProgram, type LogLine } from "./child-program.ts";
import type { EdgeSetup, StartedEdge } from "./edge-setup.ts";

/**
 * A Worker between the edge and its origin. It has no `connect` handler, so `connect()` fails at once, in the words of
 * Cloudflare's own network: "proxy request failed, cannot connect to the specified address" (workerd 1.20261023.1).
 */
const FETCH_ONLY = "export default { fetch: (request) => fetch(request) };";

/**
 * Who is behind `ctx.access.getIdentity()`: in production a Worker of Cloudflare's, which makes the identity of the token's
 * claims. It gets `{ aud, jwtClaims }` (workerd.capnp, `accessBindingService`). Without claims nobody is known.
 */
const IDENTITIES = `import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  getIdentity() {
    return this.ctx.props.jwtClaims;
  }
}`;

/** Starts the bare runtime; its control channel says when it listens, and where. */
export async function startWorkerd(setup: EdgeSetup, logs: LogLine[]): Promise<StartedEdge> {
  const worker = await bundle(setup.main);
  await copyFile(worker.module, join(setup.folder, "worker.js"));
  const config = join(setup.folder, "edge.capnp");
  await writeFile(config, formatConfig(setup, worker), { mode: 0o600 });
  const isExperiment = setup.experiments.length > 0 || setup.accessField !== undefined;
  const experimental = isExperiment ? ["--experimental"] : [];
  const args = ["serve", "--control-fd=3", ...experimental, config];
  const program = new ChildProgram(workerdBinary(), { args, logs, control: true, cwd: setup.folder });
  try {
    const ports = await Promise.race([listeningPorts(program), program.failure()]);
    return { program, ...ports };
  } catch (error) {
    await program.end("SIGKILL");
    throw error;
  }
}

/** The runtime that wrangler brings: an executable of over 100 MB. */
export function workerdBinary(): string {
  const ofWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
  const workerd: unknown = ofWrangler("workerd");
  if (typeof workerd === "object" && workerd !== null && "default" in workerd) return String(workerd.default);
  throw new Error("the workerd package does not say where its program is");
}

/** Where the runtime listens, as its control channel says. */
export async function listeningPorts(program: ChildProgram): Promise<{ httpPort: number; tcpPort: number }> {
  const ports = new Map<unknown, number>();
  for await (const line of program.controlLines) {
    const message: unknown = JSON.parse(line);
    if (typeof message !== "object" || message === null) continue;
    if ("socket" in message && "port" in message) ports.set(message.socket, Number(message.port));
    const [httpPort, tcpPort] = [ports.get("http"), ports.get("tcp")];
    if (httpPort !== undefined && tcpPort !== undefined) return { httpPort, tcpPort };
  }
  throw new Error("workerd closed its control channel before it listened");
}

function formatConfig(setup: EdgeSetup, worker: Bundle): string {
  const objects = worker.durableObjects.map(
    ({ binding, className }) => `(name = ${text(binding)}, durableObjectNamespace = ${text(className)})`,
  );
  const namespaces = worker.durableObjects.map(
    ({ className }) =>
      `(className = ${text(className)}, uniqueKey = ${text(`bits-edge-${className}`)}, enableSql = true)`,
  );
  const variables = Object.entries({ ...setup.vars, ...setup.secrets })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) =>
      typeof value === "string"
        ? `(name = ${text(name)}, text = ${text(value)})`
        : `(name = ${text(name)}, json = ${text(JSON.stringify(value))})`,
    );
  const privateOrigin =
    setup.privateOrigin === undefined ? [] : ['(name = "ORIGIN", service = "private-origin")'];
  const authorities = setup.trustedCertificate === undefined ? [] : [setup.trustedCertificate];
  return `using Workerd = import "/workerd/workerd.capnp";
const edge :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = ${text(worker.compatibilityDate)},
      compatibilityFlags = [${[...worker.compatibilityFlags, ...setup.experiments].map(text).join(", ")}],
      bindings = [
        ${[...objects, ...variables, ...privateOrigin].join(",\n        ")}
      ],
      durableObjectNamespaces = [
        ${namespaces.join(",\n        ")}
      ],
      durableObjectStorage = (localDisk = "storage"),
      globalOutbound = ${text(setup.outbound)}${accessOf(setup)}
    )),
    ${identitiesFor(setup, worker)}
    (name = "storage", disk = (path = ${text(setup.storage)}, writable = true)),
    (name = "network", network = (
      allow = ["public", "private"],
      tlsOptions = (trustBrowserCas = true, trustedCertificates = [${authorities.map(text).join(", ")}])
    )),
    (name = "nothing", network = (allow = [])),
    ${privateService(setup)}
    (name = "fetch-only", worker = (
      modules = [(name = "fetch-only.js", esModule = ${text(FETCH_ONLY)})],
      compatibilityDate = ${text(worker.compatibilityDate)},
      globalOutbound = "network"
    ))
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${setup.httpPort ?? 0}", http = (), service = "main"),
    (name = "tcp", address = "127.0.0.1:${setup.tcpPort ?? 0}", tcp = (), service = "main")
  ]
);
`;
}

function accessOf({ accessField }: EdgeSetup): string {
  if (accessField === undefined) return "";
  return `, accessBlobHeader = ${text(accessField)}, accessBindingService = "identities"`;
}

function identitiesFor({ accessField }: EdgeSetup, { compatibilityDate }: Bundle): string {
  if (accessField === undefined) return "";
  const module = `(name = "identities.js", esModule = ${text(IDENTITIES)})`;
  return `(name = "identities", worker = (modules = [${module}], compatibilityDate = ${text(compatibilityDate)})),`;
}

/** What the binding `ORIGIN` leads to, if there is one: an address that no other service of this edge may reach. */
function privateService({ privateOrigin }: EdgeSetup): string {
  if (privateOrigin === undefined) return "";
  return `(name = "private-origin", external = (address = ${text(privateOrigin)}, http = ())),`;
}

/** A Cap'n Proto text literal; it has no \\u escape, so control characters go in as bytes. */
function text(value: string): string {
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"${escaped}"`;
}
