import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../support/child-program.ts";
import { DEPLOY, type GatewaySetup } from "./gateway.ts";
import { programPath, searchPath } from "./installed.ts";
import { APACHE_MODULES } from "./origins/apache.ts";
import { replaceOnce } from "./replace-once.ts";

/** Those that the shipped file names, and what Debian has in any case. */
const MODULES = [
  "mpm_event",
  "authz_core",
  "proxy",
  "proxy_http",
  "headers",
  "macro",
  "rewrite",
  "ssl",
  "reqtimeout",
];

/** The shipped apache.conf with its "yours" lines filled in, inside the smallest server there is. */
export async function startApacheProxy(setup: GatewaySetup): Promise<ChildProgram> {
  const { folder, temporary, certificate, logs } = setup;
  const site = join(folder, "bits-edge.conf");
  const shipped = replaceOnce(await readFile(join(DEPLOY, "apache.conf"), "utf8"), {
    "http://127.0.0.1:8789": `http://${setup.edge}`,
    "<VirtualHost *:80>": `<VirtualHost 127.0.0.1:${setup.httpPort}>`,
    "<VirtualHost *:443>": `<VirtualHost 127.0.0.1:${setup.httpsPort}>`,
    "/etc/ssl/certs/bits-edge.pem": certificate.certificatePath,
    "/etc/ssl/private/bits-edge.key": certificate.keyPath,
  });
  await writeFile(site, shipped);
  const main = join(folder, "apache.conf");
  const modules = MODULES.map(
    (name) => `LoadModule ${name}_module ${join(APACHE_MODULES, `mod_${name}.so`)}`,
  );
  // As root, Apache goes on as another user.
  const user = process.getuid?.() === 0 ? ["User www-data", "Group www-data"] : [];
  const ports = [setup.httpPort, setup.httpsPort].map((port) => `Listen 127.0.0.1:${port}`);
  await writeFile(
    main,
    [
      `ServerRoot ${folder}`,
      "ServerName localhost",
      `PidFile ${join(folder, "apache.pid")}`,
      `DefaultRuntimeDir ${folder}`,
      `ErrorLog ${join(folder, "error.log")}`,
      ...modules,
      ...user,
      ...ports,
      `Include ${site}`,
      "",
    ].join("\n"),
  );
  const env = { ...searchPath(), TMPDIR: temporary };
  const args = ["-f", main, "-DFOREGROUND"];
  return new ChildProgram(programPath("apache2"), { args, env, cwd: folder, logs });
}
