import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";
import { ChildProgram, type LogLine } from "../support/child-program.ts";
import { listeningPorts } from "../support/edge-workerd.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";
import { ofTree, run } from "./run-program.ts";

const consumer = inject("consumer");
const app = join(consumer, "app");

/** The app of somebody else: the mounted example, README's, and what the types take and refuse. */
beforeAll(async () => {
  await mkdir(app, { recursive: true });
  await copyFile(join(PROJECT, "examples", "mounted.ts"), join(app, "worker.ts"));
  await copyFile(join(PROJECT, "test", "types", "public-api.ts"), join(app, "public-api.ts"));
  const [, readme] = /```ts\n(import .*? from "bits-edge".*?)```/s.exec(await shipped("README.md")) ?? [];
  await writeFile(join(app, "readme.ts"), readme ?? "README.md has no example");
  await writeFile(join(app, "wrangler.toml"), withMain(await shipped("wrangler.toml"), "worker.ts"));
});

describe("A strict project type-checks, and wrong use is an error in it", () => {
  test.each([
    { skipLibCheck: true, module: "ESNext", moduleResolution: "Bundler" },
    { skipLibCheck: false, module: "ESNext", moduleResolution: "Bundler" },
    { skipLibCheck: true, module: "NodeNext", moduleResolution: "NodeNext" },
    { skipLibCheck: false, module: "NodeNext", moduleResolution: "NodeNext" },
  ])("skipLibCheck $skipLibCheck, $moduleResolution", async ({ skipLibCheck, module, moduleResolution }) => {
    const name = `tsconfig.${moduleResolution}.${skipLibCheck}.json`;
    const compilerOptions = {
      target: "ES2024",
      lib: ["ES2024"],
      types: ["@cloudflare/workers-types"],
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      isolatedModules: true,
      skipLibCheck,
      module,
      moduleResolution,
    };
    await writeFile(join(app, name), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    await run(ofTree("tsc"), ["-p", name], app);
  });
});

test("The mounted example is bundled by wrangler, runs in workerd, and takes an upload", async () => {
  await run(ofTree("wrangler"), ["deploy", "--dry-run", "--outdir", "dist"], app);
  // edge.capnp embeds ../../dist/worker.js: beside a copy of it that is the app.
  await mkdir(join(app, "deploy", "workerd"), { recursive: true });
  await copyFile(packaged("deploy", "workerd", "edge.capnp"), join(app, "deploy", "workerd", "edge.capnp"));
  await mkdir(join(app, "state"));

  await using origin = await startLegacyOrigin();
  const logs: LogLine[] = [];
  const sockets = ["http", "tcp"].map((name) => `--socket-addr=${name}=127.0.0.1:0`);
  const program = new ChildProgram(join(consumer, "node_modules", ".bin", "workerd"), {
    args: [
      "serve",
      "--control-fd=3",
      "--directory-path=state=state",
      ...sockets,
      "deploy/workerd/edge.capnp",
    ],
    env: {
      ORIGIN_URL: origin.url,
      UPLOAD_DIRECTORIES: '[{"path":"/uploads/"}]',
      SESSION_KEY: "a key for tests, of 32 characters or more",
    },
    cwd: app,
    control: true,
    logs,
  });
  try {
    const { httpPort, tcpPort } = await Promise.race([listeningPorts(program), program.failure()]);
    const greeting = await fetch(`http://127.0.0.1:${httpPort}/`);
    expect(await greeting.text()).toBe("an app of its own");
    const source = patternSource(3_000_000);
    await uploadFile(source, `http://127.0.0.1:${tcpPort}/uploads/mounted.bin`);
    expect(origin.of("PUT").map(({ sha256 }) => sha256)).toEqual([await sha256Of(source)]);
  } finally {
    await program.end("SIGTERM");
  }
});

test("What `bits-edge init` writes for Cloudflare is bundled: the ready Worker is bits-edge/worker", async () => {
  const args = ["init", "made", "--yes", "--target", "cloudflare", "--origin", "https://iis.example.com"];
  await run("npx", ["--no", "bits-edge", ...args], consumer);
  const made = join(consumer, "made");
  await run(ofTree("wrangler"), ["deploy", "--dry-run", "--outdir", "dist"], made);
  const bundle = await readFile(join(made, "dist", "worker.js"), "utf8");
  for (const name of ["UploadSession", "UploadSegment", "SessionCounter", "SessionIndex", "default"])
    expect(bundle).toContain(name);
});

/** Path of a file in the installed package. */
function packaged(...path: readonly string[]): string {
  return join(consumer, "node_modules", "bits-edge", ...path);
}

async function shipped(path: string): Promise<string> {
  return await readFile(packaged(path), "utf8");
}

function withMain(toml: string, main: string): string {
  return toml.replace(/^main = .*$/m, `main = "${main}"`);
}
