import { createServer } from "node:net";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { type Edge, startEdge } from "../support/edge.ts";
import { KILL_DIRECTORIES } from "./directories.ts";
import { type EdgeEvent, EdgeEvents } from "./edge-events.ts";
import type { Observer } from "./moments.ts";

/** A real edge on disk that is killed and started again on the same ports and storage. */
export class EdgeUnderFire {
  kills = 0;
  readonly #edge: Edge;
  readonly #events: EdgeEvents;

  private constructor(edge: Edge, observe: Observer) {
    this.#edge = edge;
    this.#events = new EdgeEvents(observe);
    this.#events.follow(edge.logs);
  }

  static async start(originUrl: string, observe: Observer): Promise<EdgeUnderFire> {
    const ports = { httpPort: await portToKeep(), tcpPort: await portToKeep() };
    const vars = { ORIGIN_URL: originUrl, UPLOAD_DIRECTORIES: KILL_DIRECTORIES };
    return new EdgeUnderFire(await startEdge({ vars, ...ports }), observe);
  }

  get port(): number {
    return this.#edge.tcpPort;
  }

  async rssBytes(): Promise<number | undefined> {
    return this.#edge.rssBytes();
  }

  /** SIGKILL, sent before this function returns; resolves when the edge is up again. */
  async killAndRestart(downMilliseconds: number): Promise<void> {
    const ended = this.#edge.kill();
    this.kills += 1;
    await ended;
    if (downMilliseconds > 0) await pause(downMilliseconds);
    await this.#edge.restart();
  }

  async stop(): Promise<void> {
    await this.#edge.stop();
  }

  /** What the log says of the sessions of a destination, in order. */
  eventsOf(destination: string): readonly EdgeEvent[] {
    return this.#events.of(destination);
  }

  /** Drops what was kept of a destination. */
  forget(destination: string): void {
    this.#events.forget(destination);
  }
}

/**
 * A free port below those that the system gives to outgoing connections: a client that knocks on a port of theirs while
 * the edge is down can be given that very port for its own end, and be connected to itself.
 */
export async function portToKeep(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
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
  throw new Error("no free port between 15000 and 30000");
}
