import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../kill/random.ts";
import type { Instance } from "./instance.ts";
import type { Store } from "./store.ts";

/** What happens to a cluster. */
export type Fault =
  | "an edge is killed"
  | "an edge is stopped"
  | "an edge stands still"
  | "the bucket is late"
  | "the bucket fails"
  | "the bucket is silent";

const ORDER: readonly [Fault, ...Fault[]] = [
  "an edge is killed",
  "the bucket is late",
  "an edge is stopped",
  "the bucket fails",
  "an edge is killed",
  "an edge stands still",
  "the bucket is silent",
];

/** Uploads that come to an end between two faults. */
const UPLOADS_BETWEEN = 3;
/** workerd's lease. */
const LEASE_MILLISECONDS = 20_000;

/** One fault as it was: for how long clients may have waited for it. */
export interface Happening {
  readonly fault: Fault;
  readonly whom: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Does one thing after another to a cluster until it is told to end; one edge at a time, so that there is one to go on. */
export class Faults {
  readonly happened: Happening[] = [];
  readonly #instances: readonly [Instance, ...Instance[]];
  readonly #store: Store;
  readonly #random: Random;
  readonly #divisor: number;
  readonly #end = new AbortController();

  readonly #say: (fault: Happening) => void;
  readonly #progress: () => number;

  /**
   * @param divisor of the cluster's times
   * @param say is told of each as it begins
   * @param progress how many uploads have come to an end: some do between two faults, however slow this machine is
   */
  constructor(
    instances: readonly [Instance, ...Instance[]],
    store: Store,
    random: Random,
    divisor: number,
    say: (fault: Happening) => void,
    progress: () => number,
  ) {
    this.#instances = instances;
    this.#store = store;
    this.#random = random;
    this.#divisor = divisor;
    this.#say = say;
    this.#progress = progress;
  }

  /** Resolves some time after {@link end}, with every edge up and the bucket well. */
  async run(): Promise<void> {
    for (let turn = 0; !this.#end.signal.aborted; turn++) {
      const enough = this.#progress() + UPLOADS_BETWEEN;
      while (this.#progress() < enough && !this.#end.signal.aborted) await this.#wait(50);
      await this.#wait(this.#random.between(0, 1_000));
      if (this.#end.signal.aborted) return;
      const fault = ORDER[turn % ORDER.length] ?? ORDER[0];
      const instance = this.#random.pick(this.#instances);
      const whom = fault.startsWith("an edge") ? instance.name : "the bucket";
      const happening = { fault, whom, at: Date.now() };
      this.happened.push(happening);
      this.#say(happening);
      await this.#make(fault, instance);
    }
  }

  end(): void {
    this.#end.abort();
  }

  async #make(fault: Fault, instance: Instance): Promise<void> {
    const lease = LEASE_MILLISECONDS / this.#divisor;
    switch (fault) {
      case "an edge is killed":
        await instance.kill();
        await this.#wait(this.#random.pick([0, 1_000, 1.5 * lease]));
        return instance.start();
      case "an edge is stopped":
        await instance.stop();
        await this.#wait(this.#random.between(0, 2_000));
        return instance.start();
      case "an edge stands still":
        return instance.whileStill(async () => pause(1.5 * lease));
      case "the bucket is late":
        return this.#be("late", 5_000);
      case "the bucket fails":
        return this.#be("failing", 5_000);
      case "the bucket is silent":
        return this.#be("silent", 1.5 * lease);
    }
  }

  async #be(mood: Store["mood"], milliseconds: number): Promise<void> {
    this.#store.mood = mood;
    await this.#wait(milliseconds);
    this.#store.mood = "well";
  }

  /** No longer than the run: what is broken is mended at its end. */
  async #wait(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.#end.signal }).catch(() => undefined);
  }
}
