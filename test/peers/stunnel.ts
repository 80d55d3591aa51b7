import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../support/child-program.ts";
import { DEPLOY, type GatewaySetup } from "./gateway.ts";
import { programPath, searchPath } from "./installed.ts";
import { replaceOnce } from "./replace-once.ts";

/** The shipped stunnel.conf with its "yours" lines filled in. */
export async function startStunnel(setup: GatewaySetup): Promise<ChildProgram> {
  const { folder, certificate, logs } = setup;
  const config = join(folder, "stunnel.conf");
  const shipped = replaceOnce(await readFile(join(DEPLOY, "stunnel.conf"), "utf8"), {
    "accept = 443": `accept = 127.0.0.1:${setup.httpsPort}`,
    "connect = 127.0.0.1:8789": `connect = ${setup.edge}`,
    "/etc/ssl/certs/bits-edge.pem": certificate.certificatePath,
    "/etc/ssl/private/bits-edge.key": certificate.keyPath,
  });
  await writeFile(config, `foreground = yes\npid =\n${shipped}`);
  return new ChildProgram(programPath("stunnel"), { args: [config], env: searchPath(), cwd: folder, logs });
}
