/** Smaller Fragments are worth no packet: who refuses them refuses the upload. */
const LEAST_BYTES = 16 * 1024;
/** So often in a row a Fragment may bring the upload no further: it breaks off, or the origin does not move on. */
const MOST_STALLS = 4;

/**
 * How large the next Fragment for the origin is, and whether there is to be one. The origin's 413 halves them for good
 * ([MC-BUP] 3.1.5.2.4). A connection that broke may have been such a 413, which a reset has overtaken: it halves the next
 * ones, and they grow again.
 */
export class FragmentSize {
  /** Bytes. */
  size: number;
  /** Whether a Fragment of this size is the first, and may be refused for it. */
  isNew = true;
  #most: number;
  #stalls = 0;
  #at: number;
  /** Where it once stood: an origin that goes to and fro does not start the count again. */
  #furthest: number;

  /**
   * @param most bytes, as configured
   * @param offset where the origin stands
   */
  constructor(most: number, offset: number) {
    this.#most = most;
    this.size = most;
    this.#at = offset;
    this.#furthest = offset;
  }

  /** Whether the origin and the edge come no further together. */
  get isStuck(): boolean {
    return this.#stalls >= MOST_STALLS;
  }

  /** An Ack came, and said where the origin stands: further, or not, or it has lost some of what it had. */
  acknowledged(offset: number): void {
    if (offset <= this.#at) this.#stalls += 1;
    if (offset > this.#furthest) this.#stalls = 0;
    const isFurther = offset > this.#at;
    this.#furthest = Math.max(this.#furthest, offset);
    this.#at = offset;
    if (!isFurther) return;
    this.isNew = false;
    if (this.size < this.#most) this.#become(Math.min(this.#most, this.size * 2));
  }

  /** No Ack came. */
  broke(): void {
    if (this.size === LEAST_BYTES || this.#most <= LEAST_BYTES) this.#stalls += 1;
    else this.#become(Math.max(LEAST_BYTES, Math.ceil(this.size / 2)));
  }

  /** 413 came. @returns whether a smaller one is worth a packet */
  wasTooLarge(): boolean {
    if (this.size <= LEAST_BYTES) return false;
    this.#most = Math.max(LEAST_BYTES, Math.floor(this.size / 2));
    this.#become(this.#most);
    return true;
  }

  #become(size: number): void {
    this.size = size;
    this.isNew = true;
  }
}
