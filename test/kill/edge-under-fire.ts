import { setTimeout as pause } from "node:timers/promises";
import { type Edge, startEdge } from "../support/edge.ts";
import { freePort } from "../support/free-port.ts";
import { KILL_DIRECTORIES } from "./directories.ts";
import { type EdgeEvent, EdgeEvents } from "./edge-events.ts";
import { READ_TOKEN, TOKEN } from "../operator/seat-client.ts";
import type { Observer } from "./moments.ts";

/** A real edge on disk that is killed and started again on the same ports and storage. */
export class EdgeUnderFire {
  /** When it was killed, milliseconds since 1970. */
  readonly killedAt: number[] = [];
  readonly #edge: Edge;
  readonly #events: EdgeEvents;

  private constructor(edge: Edge, observe: Observer) {
    this.#edge = edge;
    this.#events = new EdgeEvents(observe);
    this.#events.follow(edge.logs);
  }

  /** @param vars settings beside the origin's and the directories' */
  static async start(
    originUrl: string,
    observe: Observer,
    vars: Readonly<Record<string, string>> = {},
  ): Promise<EdgeUnderFire> {
    const ports = { httpPort: await freePort(), tcpPort: await freePort() };
    const own = { ORIGIN_URL: originUrl, UPLOAD_DIRECTORIES: KILL_DIRECTORIES };
    const secrets = { OPERATOR_TOKEN: TOKEN, OPERATOR_READ_TOKEN: READ_TOKEN };
    return new EdgeUnderFire(await startEdge({ vars: { ...own, ...vars }, secrets, ...ports }), observe);
  }

  get kills(): number {
    return this.killedAt.length;
  }

  get httpUrl(): string {
    return this.#edge.httpUrl;
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
    this.killedAt.push(Date.now());
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
