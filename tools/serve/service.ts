import { agree } from "./agreement.ts";
import { openBucket } from "./bucket.ts";
import { descriptorLimit, ENOUGH_DESCRIPTORS } from "./descriptors.ts";
import type { StateLock } from "./lock.ts";
import type { Log } from "./log.ts";
import type { Machine } from "./machine.ts";
import type { Environment, ServeOptions } from "./options.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import { ServeError } from "./serve-error.ts";
import { readSettings, type Settings } from "./settings.ts";

/** A runtime that ends by itself more often than this in a minute has a reason that a new start does not mend. */
const MOST_ENDS = 5;
const MINUTE_MILLISECONDS = 60_000;

/** The edge as a service: one runtime after another, until it is told to end. */
export class Service {
  #options: ServeOptions;
  readonly #environment: Environment;
  readonly #lock: StateLock;
  readonly #log: Log;
  readonly #machine: Machine;
  #runtime: Runtime | null = null;
  #isEnding = false;
  /** Settings that the next runtime starts with, where somebody asked for a new one. */
  #next: Settings | null = null;

  constructor(options: ServeOptions, environment: Environment, lock: StateLock, log: Log, machine: Machine) {
    this.#options = options;
    this.#environment = environment;
    this.#lock = lock;
    this.#log = log;
    this.#machine = machine;
  }

  /**
   * Starts the runtime, and starts it again where it ends by itself: workerd does where accept() finds no descriptor.
   *
   * @returns the exit code
   * @throws ServeError where it does not start
   */
  async run(): Promise<number> {
    this.#listen();
    this.#warn();
    let settings = await this.#prepare();
    const ends: number[] = [];
    while (!this.#isEnding) {
      const runtime = await startRuntime(this.#options, settings, this.#log, this.#machine);
      this.#runtime = runtime;
      this.#lock.holds(runtime.pid);
      this.#sayReady(runtime, settings);
      if (this.#isEnding) runtime.end(false);
      const how = await runtime.ended;
      this.#runtime = null;
      if (this.#isEnding) break;
      if (this.#next !== null) {
        settings = this.#next;
        this.#next = null;
        continue;
      }
      const now = Date.now();
      ends.push(now);
      if (ends.filter((at) => at > now - MINUTE_MILLISECONDS).length > MOST_ENDS) {
        throw new ServeError(`workerd ended by itself ${MOST_ENDS + 1} times in a minute, last with ${how}.`);
      }
      this.#log.say("runtime-ended", `workerd ended by itself (${how}), and is started again`, { how });
    }
    return 0;
  }

  #listen(): void {
    let signals = 0;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        signals += 1;
        this.#isEnding = true;
        this.#runtime?.end(signals > 1);
      });
    }
    process.on("SIGHUP", () => {
      void this.#renew();
    });
  }

  /** A configuration that is wrong changes nothing: the edge goes on as it was. */
  async #renew(): Promise<void> {
    try {
      this.#next = await this.#prepare();
    } catch (error) {
      const message = error instanceof ServeError ? error.message : String(error);
      this.#log.say("configuration-refused", `the new configuration is not taken: ${message}`);
      return;
    }
    this.#log.say("renewing", "the configuration is read anew; the runtime starts again with it");
    this.#runtime?.end(false);
  }

  async #prepare(): Promise<Settings> {
    const settings = await readSettings(this.#options, this.#environment);
    const { cluster } = this.#options;
    if (cluster !== null) await agree(cluster, settings, openBucket(cluster));
    return settings;
  }

  #sayReady({ doors }: Runtime, settings: Settings): void {
    const options = this.#options;
    // A port that the system chose once is the edge's for as long as it runs.
    for (const { socket, port } of doors) {
      this.#options = { ...this.#options, [socket]: options[socket]?.replace(/:0$/, `:${port}`) ?? null };
      const door = socket.toUpperCase();
      this.#log.say("door", `${door} door on port ${port}`, { door, port });
    }
    const origin = settings["ORIGIN_URL"] ?? "";
    const { state, cluster } = options;
    const where = cluster === null ? state : `s3://${cluster.bucket}/${cluster.prefix}`;
    this.#log.say("ready", `ready, sessions in ${where}, uploads for ${origin}`, { sessions: where, origin });
  }

  #warn(): void {
    const limit = descriptorLimit();
    if (limit >= ENOUGH_DESCRIPTORS) return;
    this.#log.say(
      "few-descriptors",
      `this process may open only ${limit} files, and the TCP door refuses connections before that; raise it to ` +
        `${ENOUGH_DESCRIPTORS} or more (ulimit -Hn, LimitNOFILE= of systemd)`,
      { limit, enough: ENOUGH_DESCRIPTORS },
    );
  }
}
