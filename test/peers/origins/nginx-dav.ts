import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../../support/child-program.ts";
import { programPath, searchPath } from "../installed.ts";
import type { OriginSetup } from "./real-origin.ts";

/** nginx with its own dav module: PUT puts a file, and makes the folders above it where it is told to. */
export async function startNginxDav(setup: OriginSetup): Promise<ChildProgram[]> {
  const { files } = setup;
  return [
    await startNginx(
      setup,
      `root ${files};
    dav_methods PUT;
    # nginx's own default is 1 MiB.
    client_max_body_size 0;
    location /limited/ { client_max_body_size 100k; }
    location /denied/ { limit_except GET { deny all; } }
    location /deep/ { create_full_put_path on; }
    location /guarded/ {
      # nginx knows no If-None-Match on PUT: what docs/origins.md says to do about it.
      set $taken "";
      if (-e $request_filename) { set $taken $http_if_none_match; }
      if ($taken = "*") { return 412; }
    }
    location /full/ { client_body_temp_path ${join(files, "full")}; }`,
    ),
  ];
}

/** nginx with one server. */
export async function startNginx(setup: OriginSetup, server: string): Promise<ChildProgram> {
  const { folder, port, logs } = setup;
  const config = join(folder, "nginx.conf");
  // As root nginx would go on as another user, who may not write into what tests make.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const paths = kinds.map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join(" ");
  await writeFile(
    config,
    `${user} daemon off; pid ${join(folder, "nginx.pid")}; error_log stderr notice;
events {}
http {
  access_log off; ${paths}
  server {
    listen 127.0.0.1:${port};
    ${server}
  }
}
`,
  );
  const args = ["-p", folder, "-e", "stderr", "-c", config];
  return new ChildProgram(programPath("nginx"), { args, env: searchPath(), cwd: folder, logs });
}
