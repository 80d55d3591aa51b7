import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import { PROJECT, QUIET, WRANGLER } from "./bundle.ts";
import { ChildProgram, type LogLine } from "./child-program.ts";
import type { EdgeSetup, StartedEdge } from "./edge-setup.ts";
import { freePort } from "./free-port.ts";
import { RawConnection } from "./raw-connection.ts";

const START_MILLISECONDS = 60_000;

/** Starts `wrangler dev` on a copy of the project's configuration: its TCP port cannot be set by a flag. */
export async function startWrangler(setup: EdgeSetup, logs: LogLine[]): Promise<StartedEdge> {
  const httpPort = setup.httpPort ?? (await freePort());
  const tcpPort = setup.tcpPort ?? (await freePort());
  const config = join(setup.folder, "wrangler.json");
  const { rawConfig } = readRawConfig({ config: join(PROJECT, "wrangler.toml") });
  const own = {
    main: setup.main ?? join(PROJECT, "src", "worker.ts"),
    connect: [{ protocol: "tcp", port: tcpPort, address: "127.0.0.1" }],
    vars: setup.vars,
  };
  await writeFile(config, JSON.stringify({ ...rawConfig, ...own }));
  const secrets = Object.entries(setup.secrets).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  await writeFile(join(setup.folder, ".dev.vars"), secrets.join(""), { mode: 0o600 });
  const flags = { ip: "127.0.0.1", port: httpPort, "inspector-port": 0, "persist-to": setup.storage };
  const named = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const args = [WRANGLER, "dev", "--config", config, "--show-interactive-dev-session=false", ...named];
  const program = new ChildProgram(process.execPath, { args, env: QUIET, logs, cwd: PROJECT });
  try {
    await Promise.race([untilServing(httpPort, tcpPort), program.failure()]);
    return { program, httpPort, tcpPort };
  } catch (error) {
    await program.end("SIGKILL");
    throw error;
  }
}

/** Polls both doors. A Ping is the one request that the edge answers without asking the origin. */
async function untilServing(httpPort: number, tcpPort: number): Promise<void> {
  const deadline = performance.now() + START_MILLISECONDS;
  for (;;) {
    try {
      const headers = { "BITS-Packet-Type": "Ping" };
      await fetch(`http://127.0.0.1:${httpPort}/`, {
        method: "POST",
        headers,
        signal: AbortSignal.timeout(5_000),
      });
      (await RawConnection.open("127.0.0.1", tcpPort)).destroy();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error("wrangler dev does not answer", { cause: error });
      await pause(100);
    }
  }
}
