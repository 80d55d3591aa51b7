import { randomBytes } from "node:crypto";
import { stringify } from "smol-toml";
import { type Answers, settingsOf } from "./answers.ts";
import { gatewayFile } from "./gateway-file.ts";
import { shippedFile, shippedVersions } from "./shipped-file.ts";

/** A file to write. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Nobody else may read it. */
  readonly isSecret?: boolean;
}

const GATEWAY_FILES = { nginx: "nginx.conf", haproxy: "haproxy.cfg" } as const;

/** Everything that a new edge of this kind needs. */
export async function filesFor(answers: Answers): Promise<NewFile[]> {
  const { target, gateway } = answers;
  const edge = target === "cloudflare" ? await workerFiles(answers) : [edgeToml(answers)];
  if (gateway === "none") return edge;
  const name = GATEWAY_FILES[gateway];
  return [...edge, { path: name, text: gatewayFile(await shippedFile(`deploy/${name}`), answers) }];
}

/** For `bits-edge serve --config`; the key is made by serve, in its state folder. */
function edgeToml(answers: Answers): NewFile {
  const text = `# Settings of bits-edge serve; docs/configuration.md lists them all.\n${stringify(settingsOf(answers))}\n`;
  return { path: "edge.toml", text };
}

async function workerFiles(answers: Answers): Promise<NewFile[]> {
  const { own, wrangler } = await shippedVersions();
  const manifest = {
    private: true,
    type: "module",
    scripts: { dev: "wrangler dev", deploy: "wrangler deploy" },
    dependencies: { "bits-edge": own },
    devDependencies: { wrangler },
  };
  return [
    { path: "wrangler.toml", text: wranglerToml(await shippedFile("wrangler.toml"), answers) },
    { path: "worker.js", text: WORKER },
    { path: "package.json", text: `${JSON.stringify(manifest, null, 2)}\n` },
    { path: ".gitignore", text: "node_modules/\n.wrangler/\n.dev.vars\n" },
    { path: ".dev.vars", text: `SESSION_KEY="${randomBytes(32).toString("base64url")}"\n`, isSecret: true },
  ];
}

/** The ready Worker and its classes, under the names that wrangler.toml binds. */
const WORKER = `export { default } from "bits-edge/worker";
export * from "bits-edge/worker";
`;

/** The shipped wrangler.toml, with its entry and its [vars] replaced: bindings and migrations are the same for all. */
function wranglerToml(shipped: string, answers: Answers): string {
  const [before] = shipped.split(/^\[vars\]$/m);
  if (before === undefined || before === shipped) throw new Error("the shipped wrangler.toml has no [vars]");
  const changed = before.replace(/^main = .*$/m, 'main = "worker.js"');
  return `${changed}${stringify({ vars: settingsOf(answers) })}\n`;
}
