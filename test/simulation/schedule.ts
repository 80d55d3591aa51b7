/** Something that will happen. */
interface Due {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

/**
 * Time, and who has the next turn. Nothing in a world waits for anything but this: one event is taken, all promises that
 * it resolves are followed to their ends, then comes the next. So a seed decides every interleaving.
 */
export class Schedule {
  /** Milliseconds since 1970. */
  now: number;
  /** Events so far. */
  events = 0;
  readonly #heap: Due[] = [];
  #order = 0;

  constructor(now: number) {
    this.now = now;
  }

  /** Calls `call` after `milliseconds`, in order of time, then of asking. */
  after(milliseconds: number, call: () => void): void {
    this.#push({ at: this.now + Math.max(0, milliseconds), order: (this.#order += 1), call });
  }

  async sleep(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => this.after(milliseconds, resolve));
  }

  /** Lets happen what happens up to `until`, `settled` being called after each event; then it is `until`. */
  async run(until: number, settled: () => void): Promise<void> {
    for (let due = this.#heap[0]; due !== undefined && due.at <= until; due = this.#heap[0]) {
      this.#pop();
      this.now = Math.max(this.now, due.at);
      this.events += 1;
      due.call();
      await new Promise(process.nextTick); // every promise that is not waiting for this schedule has come to its end
      settled();
    }
    this.now = Math.max(this.now, until);
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let index = heap.push(due) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, due)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const least = isRight ? right : left;
      if (isBefore(last, least)) break;
      heap[index] = least;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = last;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
