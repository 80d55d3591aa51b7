import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../support/child-program.ts";
import { freePort } from "../support/free-port.ts";
import { DEPLOY, type GatewaySetup } from "./gateway.ts";
import { startHitch } from "./hitch.ts";
import { programPath, searchPath } from "./installed.ts";
import { replaceOnce } from "./replace-once.ts";

/** The shipped varnish.vcl, with hitch before it. */
export async function startVarnish(setup: GatewaySetup): Promise<ChildProgram[]> {
  return await start(setup, "varnish.vcl", "8080", "backend_idle_timeout=3");
}

/** The shipped varnish-tcp.vcl, with hitch before it. */
export async function startVarnishTcp(setup: GatewaySetup): Promise<ChildProgram[]> {
  return await start(setup, "varnish-tcp.vcl", "8789", "pipe_timeout=300");
}

async function start(
  setup: GatewaySetup,
  file: string,
  shippedPort: string,
  parameter: string,
): Promise<ChildProgram[]> {
  const { folder, temporary, logs } = setup;
  const [host = "", port = ""] = setup.edge.split(":");
  const shipped = await readFile(join(DEPLOY, file), "utf8");
  if (!shipped.includes(`-p ${parameter}`)) throw new Error(`${file} should say -p ${parameter}`);
  const vcl = join(folder, file);
  await writeFile(
    vcl,
    replaceOnce(shipped, {
      '.host = "127.0.0.1"': `.host = "${host}"`,
      [`.port = "${shippedPort}"`]: `.port = "${port}"`,
      // Its TLS comes in at a port of the test's.
      ...(shipped.includes("== 443") ? { "== 443": `== ${setup.httpsPort}` } : {}),
    }),
  );
  const behindTls = `127.0.0.1:${await freePort()}`;
  const work = join(folder, "varnish");
  await mkdir(work);
  const args = ["-F", "-n", work, "-f", vcl, "-s", "malloc,16m", "-p", parameter, "-j", "none"];
  args.push("-a", `127.0.0.1:${setup.httpPort}`, "-a", `${behindTls},PROXY`);
  const env = { ...searchPath(), TMPDIR: temporary };
  const varnish = new ChildProgram(programPath("varnishd"), { args, env, cwd: folder, logs });
  return [varnish, await startHitch({ ...setup, edge: behindTls })];
}
