import { execFile } from "node:child_process";
import { promisify } from "node:util";

const PROGRAMS = {
  nginx: ["-v"],
  haproxy: ["-v"],
  openssl: ["version"],
  chromium: ["--version"],
  stunnel: ["-version"],
  hitch: ["--version"],
  caddy: ["version"],
  varnishd: ["-V"],
  apache2: ["-v"],
  promtool: ["--version"],
  "systemd-analyze": ["--version"],
};

/**
 * Runs before the suite. A gateway, a browser, or Prometheus that is not installed fails it: skipped tests would say that
 * files work which nobody has tried.
 *
 * @throws Error with the one sentence that says what to install
 */
export default async function setup(): Promise<void> {
  const missing: string[] = [];
  for (const [program, args] of Object.entries(PROGRAMS)) {
    try {
      const { stdout, stderr } = await promisify(execFile)(programPath(program), args, { env: searchPath() });
      console.log(`${program}: ${(stdout + stderr).split("\n")[0] ?? ""}`);
    } catch {
      missing.push(program);
    }
  }
  if (missing.length > 0) {
    throw new Error(
      `${missing.join(", ")} cannot be run, and this suite tests the gateways, the page, the alerts and the unit for real: ` +
        "apt-get install nginx-light haproxy openssl chromium stunnel4 hitch caddy varnish apache2 prometheus systemd (or name them by NGINX, HAPROXY, …).",
    );
  }
}

/** The program, or where the environment says it is: NGINX=… */
export function programPath(program: string): string {
  return process.env[program.toUpperCase()] ?? program;
}

/** Debian keeps both gateways in sbin, which a user's PATH leaves out. */
export function searchPath(): { PATH: string } {
  return { PATH: `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin` };
}
