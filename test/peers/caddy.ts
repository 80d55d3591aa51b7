import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../support/child-program.ts";
import { DEPLOY, type GatewaySetup } from "./gateway.ts";
import { programPath, searchPath } from "./installed.ts";
import { replaceOnce } from "./replace-once.ts";

/** The shipped Caddyfile with its "yours" lines filled in, and a certificate that need not be asked for. */
export async function startCaddy(setup: GatewaySetup): Promise<ChildProgram> {
  const { folder, temporary, certificate, logs } = setup;
  const config = join(folder, "Caddyfile");
  const shipped = replaceOnce(await readFile(join(DEPLOY, "Caddyfile"), "utf8"), {
    "http://bits.example.com {": `http://:${setup.httpPort} {\n\tbind 127.0.0.1`,
    "https://bits.example.com {": `https://:${setup.httpsPort} {
	bind 127.0.0.1
	tls ${certificate.certificatePath} ${certificate.keyPath}`,
    "127.0.0.1:8080": setup.edge,
    "\tservers {": `\tadmin off
	auto_https off
	servers {`,
  });
  await writeFile(config, shipped);
  const args = ["run", "--adapter", "caddyfile", "--config", config];
  const env = {
    ...searchPath(),
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
    TMPDIR: temporary,
  };
  return new ChildProgram(programPath("caddy"), { args, env, cwd: folder, logs });
}
