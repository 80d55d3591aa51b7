import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProgram } from "../support/child-program.ts";
import { DEPLOY, type GatewaySetup } from "./gateway.ts";
import { programPath, searchPath } from "./installed.ts";
import { replaceOnce } from "./replace-once.ts";

/** The shipped hitch.conf with its "yours" lines filled in. */
export async function startHitch(setup: GatewaySetup, says = "write-proxy-v2 = on"): Promise<ChildProgram> {
  const { folder, certificate, logs } = setup;
  const config = join(folder, "hitch.conf");
  const [host = "", port = ""] = setup.edge.split(":");
  const shipped = replaceOnce(await readFile(join(DEPLOY, "hitch.conf"), "utf8"), {
    '"[*]:443"': `"[127.0.0.1]:${setup.httpsPort}"`,
    '"[127.0.0.1]:8789"': `"[${host}]:${port}"`,
    "/etc/hitch/bits-edge.pem": certificate.bundlePath,
    // Who is not root cannot become another user, and as root hitch could not read our folder as another.
    'user = "_hitch"': process.getuid?.() === 0 ? 'user = "root"' : "",
    "write-proxy-v2 = on": says,
  });
  await writeFile(config, shipped);
  const args = [`--config=${config}`, "--log-level=1"];
  return new ChildProgram(programPath("hitch"), { args, env: searchPath(), cwd: folder, logs });
}
