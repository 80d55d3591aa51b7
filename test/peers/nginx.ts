import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../support/child-program.ts";
import { DEPLOY, type GatewaySetup } from "./gateway.ts";
import { programPath, searchPath } from "./installed.ts";
import { replaceOnce } from "./replace-once.ts";

/**
 * The shipped nginx.conf with its "yours" lines filled in, inside the smallest http block there is.
 *
 * @param edit makes it a wrong one, for tests that are about faults
 */
export async function startNginx(
  setup: GatewaySetup,
  edit: (shipped: string) => string = (shipped) => shipped,
): Promise<ChildProgram> {
  const { folder, temporary, certificate, logs } = setup;
  const site = join(folder, "bits-edge.conf");
  let shipped = edit(await readFile(join(DEPLOY, "nginx.conf"), "utf8"));
  if (setup.edgeCertificate !== undefined) {
    shipped = replaceOnce(shipped.replaceAll("#cloudflare ", ""), {
      "proxy_pass http://bits_edge;": "",
      "/etc/ssl/certs/ca-certificates.crt;": `${setup.edgeCertificate};`,
    });
  }
  await writeFile(
    site,
    replaceOnce(shipped, {
      "server 127.0.0.1:8080;": `server ${setup.edge};`,
      "listen 80;": `listen 127.0.0.1:${setup.httpPort};`,
      "listen 443 ssl;": `listen 127.0.0.1:${setup.httpsPort} ssl;`,
      "/etc/ssl/certs/bits-edge.pem;": `${certificate.certificatePath};`,
      "/etc/ssl/private/bits-edge.key;": `${certificate.keyPath};`,
    }),
  );
  const main = join(folder, "nginx.conf");
  // As root nginx would start its workers as another user, who cannot look into our folder.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const paths = kinds.map((kind) => `${kind}_temp_path ${join(temporary, kind)};`);
  await writeFile(
    main,
    `${user} daemon off; pid ${join(folder, "nginx.pid")}; error_log stderr notice;
events {}
http { access_log off; ${paths.join(" ")} include ${site}; }
`,
  );
  const args = ["-p", folder, "-e", "stderr", "-c", main];
  return new ChildProgram(programPath("nginx"), { args, env: searchPath(), cwd: folder, logs });
}
