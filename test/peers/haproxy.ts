import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../support/child-program.ts";
import { DEPLOY, type GatewaySetup } from "./gateway.ts";
import { programPath, searchPath } from "./installed.ts";
import { replaceOnce } from "./replace-once.ts";

/**
 * The shipped haproxy.cfg as it is, told its addresses by the environment.
 *
 * @param edit makes it a wrong one, for tests that are about faults
 */
export async function startHaproxy(
  setup: GatewaySetup,
  edit: (shipped: string) => string = (shipped) => shipped,
): Promise<ChildProgram> {
  let shipped = edit(await readFile(join(DEPLOY, "haproxy.cfg"), "utf8"));
  if (setup.edgeCertificate !== undefined) {
    shipped = replaceOnce(shipped.replace(/^ *server edge .*$/m, "").replace("#cloudflare ", ""), {
      "/etc/ssl/certs/ca-certificates.crt": setup.edgeCertificate,
    });
  }
  return await runHaproxy(setup, shipped);
}

/**
 * The shipped haproxy-tcp.cfg.
 *
 * @param says how its backend says whose a connection is: what follows the server's address
 */
export async function startHaproxyTcp(
  setup: GatewaySetup,
  says = "send-proxy-v2 check",
): Promise<ChildProgram> {
  const shipped = await readFile(join(DEPLOY, "haproxy-tcp.cfg"), "utf8");
  return await runHaproxy(setup, replaceOnce(shipped, { "send-proxy-v2 check": says }));
}

async function runHaproxy(setup: GatewaySetup, shipped: string): Promise<ChildProgram> {
  const config = join(setup.folder, "haproxy.cfg");
  // Who is not root can neither become another user nor change the root folder, and need not.
  const asRoot = /^ {4}(?:user|group|chroot) .*$/gm;
  await writeFile(config, process.getuid?.() === 0 ? shipped : shipped.replaceAll(asRoot, ""));
  return new ChildProgram(programPath("haproxy"), {
    args: ["-db", "-f", config],
    env: {
      ...searchPath(),
      BITS_EDGE: setup.edge,
      BITS_HTTP: `127.0.0.1:${setup.httpPort}`,
      BITS_HTTPS: `127.0.0.1:${setup.httpsPort}`,
      BITS_CERTIFICATE: setup.certificate.bundlePath,
    },
    cwd: setup.folder,
    logs: setup.logs,
  });
}
