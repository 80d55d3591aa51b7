import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../support/free-port.ts";
import { type Certificate, makeCertificate } from "../peers/certificate.ts";
import { programPath, searchPath } from "../peers/installed.ts";
import { PROJECT } from "../support/bundle.ts";
import { ChildProgram, type LogLine } from "../support/child-program.ts";
import { RawConnection } from "../support/raw-connection.ts";

const START_MILLISECONDS = 30_000;

/** HAProxy on the shipped deploy/haproxy-cluster.cfg, told its addresses by the environment. */
export class Balancer {
  readonly port: number;
  readonly tlsPort: number;
  readonly certificate: Certificate;
  readonly logs: LogLine[];
  readonly #program: ChildProgram;

  private constructor(
    ports: readonly [plain: number, tls: number],
    certificate: Certificate,
    program: ChildProgram,
    logs: LogLine[],
  ) {
    [this.port, this.tlsPort] = ports;
    this.certificate = certificate;
    this.#program = program;
    this.logs = logs;
  }

  /**
   * @param plainPort where it takes plain connections
   * @param tcpPorts of the edges' TCP doors, two or more
   * @throws Error where HAProxy is not installed or does not take the file
   */
  static async start(folder: string, plainPort: number, tcpPorts: readonly number[]): Promise<Balancer> {
    const shipped = await readFile(join(PROJECT, "deploy", "haproxy-cluster.cfg"), "utf8");
    const config = join(folder, "haproxy-cluster.cfg");
    // Who is not root can neither become another user nor change the root folder, and need not.
    const asRoot = /^ {4}(?:user|group|chroot) .*$/gm;
    const further = tcpPorts.slice(2).map((port, index) => `    server edge${index + 3} 127.0.0.1:${port}\n`);
    const own = process.getuid?.() === 0 ? shipped : shipped.replaceAll(asRoot, "");
    await writeFile(config, own + further.join(""));
    const certificate = await makeCertificate(folder);
    const ports = [plainPort, await freePort()] as const;
    const logs: LogLine[] = [];
    const program = new ChildProgram(programPath("haproxy"), {
      args: ["-db", "-f", config],
      env: {
        ...searchPath(),
        BITS_EDGE_1: `127.0.0.1:${tcpPorts[0]}`,
        BITS_EDGE_2: `127.0.0.1:${tcpPorts[1]}`,
        BITS_HTTP: `127.0.0.1:${ports[0]}`,
        BITS_HTTPS: `127.0.0.1:${ports[1]}`,
        BITS_CERTIFICATE: certificate.bundlePath,
      },
      cwd: folder,
      logs,
    });
    const balancer = new Balancer(ports, certificate, program, logs);
    try {
      await Promise.race([untilListening(ports), program.failure()]);
    } catch (error) {
      await balancer.stop();
      throw error;
    }
    return balancer;
  }

  async stop(): Promise<void> {
    await this.#program.end("SIGKILL");
  }
}

async function untilListening(ports: readonly number[]): Promise<void> {
  const deadline = performance.now() + START_MILLISECONDS;
  for (const port of ports) {
    for (;;) {
      try {
        (await RawConnection.open("127.0.0.1", port)).destroy();
        break;
      } catch (error) {
        if (performance.now() > deadline) throw new Error("the balancer does not listen", { cause: error });
        await pause(20);
      }
    }
  }
}
