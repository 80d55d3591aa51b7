import { createServer } from "node:net";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { type Edge, startEdge } from "../support/edge.ts";
import type { LogLine } from "../support/child-program.ts";
import type { Observer, Sight } from "./moments.ts";
import type { Directory } from "./plan.ts";

/** Longer than a round by far; so that what is over leaves the disk while the run goes on. */
const SESSION_TIMEOUT_SECONDS = 120;

const DIRECTORIES = [
  { path: "/files/" },
  { path: "/in-place/" },
  { path: "/overwrite/", allow_overwrites: true },
  { path: "/brief/", allow_overwrites: true, session_timeout_seconds: 2 },
  { path: "/keyed/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/forgetful/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/early/", commit_on: "last-fragment" },
  { path: "/reply/", notification: "by-value", notification_url: "/receive.ashx", reply: true },
  { path: "/referred/", notification: "by-reference", notification_url: "/receive.ashx" },
  { path: "/referred-reply/", notification: "by-reference", notification_url: "/receive.ashx", reply: true },
  { path: "/copied/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/copied-late/", notification: "by-value", notification_url: "/receive.ashx", reply: true },
  {
    path: "/hold/",
    notification: "by-value",
    notification_url: "/receive.ashx",
    unknown_outcome: "hold",
  },
] as const satisfies readonly { path: Directory; [setting: string]: unknown }[];

/** A line of the edge's log that tells of a session. */
export interface EdgeEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  readonly session: string;
  readonly destination: string;
  readonly outcome: string | null;
  /** The line as it was printed. */
  readonly text: string;
}

/** A real edge on disk that is killed and started again on the same ports and storage. */
export class EdgeUnderFire {
  /** What it has said that is no event of a session: its own faults, and the runtime's. */
  readonly complaints: string[] = [];
  readonly #events = new Map<string, EdgeEvent[]>();
  kills = 0;
  readonly #edge: Edge;
  readonly #observe: Observer;

  private constructor(edge: Edge, observe: Observer) {
    this.#edge = edge;
    this.#observe = observe;
    watch(edge.logs, (line) => this.#read(line));
  }

  static async start(originUrl: string, observe: Observer): Promise<EdgeUnderFire> {
    const ports = { httpPort: await portToKeep(), tcpPort: await portToKeep() };
    const directories = DIRECTORIES.map((settings) =>
      Object.assign({ session_timeout_seconds: SESSION_TIMEOUT_SECONDS }, settings),
    );
    const vars = { ORIGIN_URL: originUrl, UPLOAD_DIRECTORIES: directories };
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
    return this.#events.get(destination) ?? [];
  }

  /** Drops what was kept of a destination. */
  forget(destination: string): void {
    this.#events.delete(destination);
  }

  #read({ json, text }: LogLine): void {
    if (typeof json !== "object" || json === null || !("destination" in json)) {
      this.complaints.push(text);
      return;
    }
    const fields: Record<string, unknown> = { ...json };
    const textOf = (name: string): string => {
      const value = fields[name];
      return typeof value === "string" ? value : "";
    };
    const event = textOf("event");
    const destination = textOf("destination");
    const outcome = textOf("outcome") || null;
    const at = Date.parse(textOf("at"));
    const isDelivered = outcome === "accepted" && this.#isFirstAcceptance(destination);
    const known = { at, event, session: textOf("session"), destination, outcome, text };
    this.#events.set(destination, [...this.eventsOf(destination), known]);
    const sight: Sight | undefined = outcome === "orphaned" ? "log:orphaned" : SIGHTS.get(event);
    if (sight !== undefined) this.#observe(sight, destination);
    if (isDelivered) this.#observe("log:delivered", destination);
  }

  /** Of a file that has a way of its own to go after the application has taken it, there are two. */
  #isFirstAcceptance(destination: string): boolean {
    return !this.eventsOf(destination).some(({ outcome }) => outcome === "accepted");
  }
}

const SIGHTS = new Map<string, Sight>([
  ["completed", "log:completed"],
  ["commit-started", "log:commit-started"],
  ["commit-ended", "log:commit-ended"],
  ["expired", "log:expired"],
]);

/** Gives each line to `seen` as it comes, and keeps none: at a moment's kill there is no time to look for it later. */
function watch(logs: LogLine[], seen: (line: LogLine) => void): void {
  logs.push = (...lines) => {
    for (const line of lines) seen(line);
    return 0;
  };
}

/**
 * A free port below those that the system gives to outgoing connections: a client that knocks on a port of theirs while
 * the edge is down can be given that very port for its own end, and be connected to itself.
 */
async function portToKeep(): Promise<number> {
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
