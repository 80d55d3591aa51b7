import { createHash } from "node:crypto";

/** Numbers that a text decides: the same seed gives the same numbers in the same order. */
export class Random {
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#drawn += 1;
    return createHash("sha256").update(`${this.#seed}#${this.#drawn}`).digest().readUInt32BE(0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.next() * choices.length)] ?? choices[0];
  }
}
