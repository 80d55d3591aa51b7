import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bundle } from "../../test/support/bundle.ts";
import { ChildProgram, type LogLine } from "../../test/support/child-program.ts";
import { workerdBinary } from "../../test/support/edge-workerd.ts";

/** A workerd that serves one module at two doors. */
export interface BareWorkerd extends AsyncDisposable {
  readonly tcpPort: number;
  readonly httpPort: number;
  /** 0 where it was not asked for. */
  readonly inspectorPort: number;
}

/**
 * Starts a Worker where the tests' own start does not fit: with the inspector listening, or without the objects that
 * wrangler.toml names.
 *
 * @param folder empty, and the caller's to remove
 * @param vars text, or anything that JSON can say; plain ASCII
 */
export async function startBareWorkerd(
  folder: string,
  worker: Bundle,
  vars: Readonly<Record<string, unknown>> = {},
  isInspected = false,
): Promise<BareWorkerd> {
  await mkdir(join(folder, "storage"), { recursive: true });
  await copyFile(worker.module, join(folder, "worker.js"));
  await writeFile(join(folder, "edge.capnp"), formatConfig(worker, vars));
  const logs: LogLine[] = [];
  const inspector = isInspected ? ["--inspector-addr=127.0.0.1:0"] : [];
  const args = ["serve", "--control-fd=3", ...inspector, join(folder, "edge.capnp")];
  const program = new ChildProgram(workerdBinary(), { args, logs, control: true, cwd: folder });
  const ports = await Promise.race([listeningPorts(program, isInspected), program.failure()]);
  return { ...ports, [Symbol.asyncDispose]: () => program.end("SIGTERM") };
}

async function listeningPorts(
  program: ChildProgram,
  isInspected: boolean,
): Promise<{ tcpPort: number; httpPort: number; inspectorPort: number }> {
  const ports = new Map<string, number>();
  for await (const line of program.controlLines) {
    const message = JSON.parse(line) as { event: string; socket?: string; port?: number };
    ports.set(message.socket ?? message.event, message.port ?? 0);
    const [tcpPort, httpPort, inspectorPort = 0] = [
      ports.get("tcp"),
      ports.get("http"),
      ports.get("listen-inspector"),
    ];
    if (tcpPort === undefined || httpPort === undefined) continue;
    if (inspectorPort !== 0 || !isInspected) return { tcpPort, httpPort, inspectorPort };
  }
  throw new Error("workerd ended before it listened");
}

function formatConfig(worker: Bundle, vars: Readonly<Record<string, unknown>>): string {
  const bindings = [
    ...worker.durableObjects.map(
      ({ binding, className }) => `(name = ${text(binding)}, durableObjectNamespace = ${text(className)})`,
    ),
    ...Object.entries(vars).map(([name, value]) =>
      typeof value === "string"
        ? `(name = ${text(name)}, text = ${text(value)})`
        : `(name = ${text(name)}, json = ${text(text(value))})`,
    ),
  ];
  const namespaces = worker.durableObjects.map(
    ({ className }) => `(className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const edge :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = ${text(worker.compatibilityDate)},
      compatibilityFlags = [${worker.compatibilityFlags.map(text).join(", ")}],
      bindings = [${bindings.join(", ")}],
      durableObjectNamespaces = [${namespaces.join(", ")}],
      durableObjectStorage = (localDisk = "storage"),
      globalOutbound = "internet"
    )),
    (name = "storage", disk = (path = "storage", writable = true)),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:0", http = (), service = "main"),
    (name = "tcp", address = "127.0.0.1:0", tcp = (), service = "main")
  ]
);
`;
}

/** JSON's text literals are Cap'n Proto's too, as long as they are plain ASCII. */
function text(value: unknown): string {
  return JSON.stringify(value);
}
