import { setTimeout as pause } from "node:timers/promises";
import { Client, type ClientReport, contentOf } from "./client.ts";
import type { EdgeUnderFire } from "./edge-under-fire.ts";
import type { Observer, Sight } from "./moments.ts";
import type { KillPlan, RoundPlan } from "./plan.ts";

/** Longer than any upload and its resumptions take; a client that waits longer is stuck. */
const PATIENCE_MILLISECONDS = 60_000;
/** A tombstone of /brief/ is cleaned up after two seconds. */
const LAST_KILL_MILLISECONDS = 5_000;

export interface RoundReport {
  readonly plan: RoundPlan;
  readonly clients: readonly ClientReport[];
  /** Names of the moments at which the edge was killed, in order. */
  readonly killedAt: readonly string[];
}

/** Passes on what is seen to whoever waits for it just now: the round that runs. */
export class Sightings {
  #listener: Observer | null = null;
  readonly observe: Observer = (sight, destination, position) =>
    this.#listener?.(sight, destination, position);

  listen(listener: Observer | null): void {
    this.#listener = listener;
  }
}

/** Runs the uploads of one plan, and kills the edge at its moments, until every client has come to an end. */
export async function runRound(
  plan: RoundPlan,
  edge: EdgeUnderFire,
  sightings: Sightings,
): Promise<RoundReport> {
  const killer = new Killer(plan.kills, edge);
  sightings.listen((sight, destination, position) => killer.saw(sight, destination, position));
  const splits = new Map(plan.kills.map(({ destination, at }) => [destination, at]));
  try {
    const clients = await Promise.all(
      plan.uploads.map(async (upload) =>
        new Client(upload, {
          port: edge.port,
          observe: sightings.observe,
          content: contentOf(upload),
          splitAt: splits.get(upload.destination) ?? null,
          patienceMilliseconds: PATIENCE_MILLISECONDS,
        }).run(),
      ),
    );
    await killer.finish();
    return { plan, clients, killedAt: killer.done };
  } finally {
    sightings.listen(null);
    await killer.stop();
  }
}

/** Waits for one moment after another and kills the edge in the very turn in which it is seen, or as planned after it. */
class Killer {
  readonly done: string[] = [];
  readonly #edge: EdgeUnderFire;
  readonly #ahead: KillPlan[];
  #restarting: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(kills: readonly KillPlan[], edge: EdgeUnderFire) {
    this.#ahead = [...kills];
    this.#edge = edge;
    this.#arm();
  }

  saw(sight: Sight, destination: string, position: number | undefined): void {
    const next = this.#ahead[0];
    if (next === undefined || this.#restarting !== null || next.moment.sight !== sight) return;
    if (next.destination !== destination) return;
    if (sight === "body" && position !== undefined && position < next.at) return;
    this.#kill(next);
  }

  /** A time, or a tombstone's end, may lie after the last client's; any other moment that has passed is let go. */
  async finish(): Promise<void> {
    const isStillToCome = (): boolean => {
      const sight = this.#ahead[0]?.moment.sight;
      return sight === null || sight === "log:expired";
    };
    const deadline = Date.now() + LAST_KILL_MILLISECONDS;
    while (this.#restarting !== null || (isStillToCome() && Date.now() < deadline)) {
      await Promise.race([this.#changed.promise, pause(LAST_KILL_MILLISECONDS)]);
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#ahead.length = 0;
    await this.#restarting;
  }

  #arm(): void {
    const next = this.#ahead[0];
    if (next?.moment.sight === null) this.#timer = setTimeout(() => this.#kill(next), next.at);
  }

  #kill(kill: KillPlan): void {
    this.#ahead.shift();
    this.done.push(kill.moment.name);
    this.#restarting = this.#killAndRestart(kill);
  }

  async #killAndRestart({ afterMilliseconds, downMilliseconds }: KillPlan): Promise<void> {
    if (afterMilliseconds > 0) await pause(afterMilliseconds);
    await this.#edge.killAndRestart(downMilliseconds);
    this.#restarting = null;
    this.#arm();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
