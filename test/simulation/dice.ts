/** What may go wrong in a world. A world's seed says which of these it knows, how often, and when. */
export const FAULT_KINDS = [
  "crash",
  "evict",
  "disk-full",
  "commit-full",
  "alarm-late",
  "alarm-twice",
  "clock-jump",
  "request-lost",
  "ack-lost",
  "packet-twice",
  "body-cut",
  "client-sleeps",
  "client-leaves",
  "client-cancels",
  "client-closes-early",
  "wrong-digest",
  "counter-lost",
  "segment-lost",
  "segment-crash",
  "origin-refuses",
  "origin-forbids",
  "origin-loses-answer",
  "origin-hangs",
  "origin-takes-half",
  "origin-unreachable",
  "origin-gateway",
  "origin-slow",
  "origin-forgets",
  "record-damaged",
  "setting-changed",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/**
 * All chance of a world. Each name has a stream of numbers of its own, so that a fault which is left out changes no
 * other number: that is what makes a story short (`shrink.ts`).
 */
export class Dice {
  /** Faults that happened, in order: their kind, and which throw of that kind it was. */
  readonly fired: string[] = [];
  /** No fault happens any more. */
  isHealed = false;
  readonly #seed: number;
  readonly #allowed: ReadonlySet<string> | null;
  readonly #streams = new Map<string, number>();
  readonly #rates = new Map<FaultKind, number>();
  readonly #thrown = new Map<FaultKind, number>();

  /** @param allowed the only faults that may happen, of those that the seed would have; null for all */
  constructor(seed: number, allowed: ReadonlySet<string> | null = null) {
    this.#seed = seed;
    this.#allowed = allowed;
    for (const kind of FAULT_KINDS) this.#rates.set(kind, this.#rateOf(kind));
  }

  /** From 0 up to, not including, 1. */
  next(stream: string): number {
    const state = ((this.#streams.get(stream) ?? hash(stream, this.#seed)) + 0x6d2b79f5) | 0;
    this.#streams.set(stream, state);
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(stream: string, least: number, most: number): number {
    return least + Math.floor(this.next(stream) * (most - least + 1));
  }

  pick<T>(stream: string, choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.next(stream) * choices.length)] ?? choices[0];
  }

  /**
   * Whether a fault happens now.
   *
   * @param probability in a world that knows this kind of fault well
   * @returns null if not; else a number from 0 to 1 that says how bad it is
   */
  fault(kind: FaultKind, probability: number): number | null {
    const throws = (this.#thrown.get(kind) ?? 0) + 1;
    this.#thrown.set(kind, throws);
    const luck = this.next(kind);
    const severity = this.next(kind);
    if (this.isHealed || luck >= probability * (this.#rates.get(kind) ?? 0)) return null;
    const name = `${kind}#${throws}`;
    if (this.#allowed !== null && !this.#allowed.has(name)) return null;
    this.fired.push(name);
    return severity;
  }

  /** Half of the kinds are unknown to a world: what many faults hide, few may show. */
  #rateOf(kind: FaultKind): number {
    const luck = this.next(`rate of ${kind}`);
    return luck < 0.5 ? 0 : luck < 0.75 ? 0.3 : 1;
  }
}

/** FNV-1a over the text, begun with the seed. */
function hash(text: string, seed: number): number {
  let word = (seed ^ 0x811c9dc5) | 0;
  for (let index = 0; index < text.length; index += 1)
    word = Math.imul(word ^ text.charCodeAt(index), 0x01000193);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  return word ^ (word >>> 13);
}

/** The seed of world `index` of a run. */
export function seedOf(run: number, index: number): number {
  return hash(`world ${index}`, run) >>> 0;
}
