import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that the system gives to outgoing connections (`ip_local_port_range`, 32,768 and up). */
const FIRST = 15_000;
const COUNT = 15_000;

/**
 * A TCP port of 127.0.0.1 that was free a moment ago, and that no outgoing connection is given while nobody listens at it: a
 * client that knocks there could even be connected to itself. Another program may still listen there first; for a program
 * that can report the port it chose, let it choose.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const server = createServer();
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      server.close();
      await once(server, "close");
      return port;
    } catch {
      // Somebody has it.
    }
  }
  throw new Error(`no free port between ${FIRST} and ${FIRST + COUNT}`);
}
