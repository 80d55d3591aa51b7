import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../../support/child-program.ts";
import { programPath, searchPath } from "../installed.ts";
import type { OriginSetup } from "./real-origin.ts";

/** Where Debian keeps them. */
export const APACHE_MODULES = process.env["APACHE_MODULES"] ?? "/usr/lib/apache2/modules";

/** Apache with mod_dav: PUT puts a file, in folders that exist. */
export async function startApache(setup: OriginSetup): Promise<ChildProgram[]> {
  const { folder, files, port, logs } = setup;
  const config = join(folder, "apache.conf");
  const modules = ["mpm_event", "authz_core", "dav", "dav_fs"];
  // As root, Apache goes on as another user.
  const user = process.getuid?.() === 0 ? "User www-data\nGroup www-data" : "";
  await writeFile(
    config,
    `ServerRoot ${folder}
ServerName localhost
PidFile ${join(folder, "apache.pid")}
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:${port}
${modules.map((name) => `LoadModule ${name}_module ${join(APACHE_MODULES, `mod_${name}.so`)}`).join("\n")}
${user}
ErrorLog ${join(folder, "error.log")}
DocumentRoot ${files}
DavLockDB ${join(files, ".locks")}
<Directory ${files}>
  Dav On
  Require all granted
</Directory>
<Location /denied/>
  <Limit PUT>
    Require all denied
  </Limit>
</Location>
<Location /limited/>
  LimitRequestBody 100000
</Location>
`,
  );
  const args = ["-f", config, "-DFOREGROUND"];
  return [new ChildProgram(programPath("apache2"), { args, env: searchPath(), cwd: folder, logs })];
}
