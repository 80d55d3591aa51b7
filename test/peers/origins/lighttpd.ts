import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../../support/child-program.ts";
import { programPath, searchPath } from "../installed.ts";
import type { OriginSetup } from "./real-origin.ts";

/**
 * lighttpd with mod_webdav: PUT puts a file; `/files/` may only be read, `/denied/` takes nothing (403), `/limited/`
 * takes requests of at most 100 KiB (413).
 */
export async function startLighttpd({ folder, files, port, logs }: OriginSetup): Promise<ChildProgram[]> {
  const config = join(folder, "lighttpd.conf");
  const temporary = join(folder, "temporary");
  await mkdir(temporary);
  await writeFile(
    config,
    `server.document-root = "${files}"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = ( "mod_access", "mod_webdav" )
# Without a type lighttpd names neither ETag nor time of a file.
mimetype.assign = ( "" => "application/octet-stream" )
server.upload-dirs = ( "${temporary}" )
$HTTP["url"] !~ "^/files/" { webdav.activate = "enable" }
$HTTP["url"] =~ "^/limited/" { server.max-request-size = 100 }
$HTTP["url"] =~ "^/denied/" {
  $HTTP["request-method"] == "PUT" { url.access-deny = ( "" ) }
}
`,
  );
  const args = ["-D", "-f", config];
  return [new ChildProgram(programPath("lighttpd"), { args, env: searchPath(), cwd: folder, logs })];
}
