import { Deadline } from "./deadline.ts";

/**
 * As much of what was sent may still lie in the network, unseen, while the origin takes it: the largest send buffer of
 * Linux (`tcp_wmem`, 4 MiB), of which it says nothing before a third of it is free again.
 */
const HELD_BYTES = 4 * 1024 * 1024;
/** An origin that takes as much is not silent, however long nothing is seen of it. */
const SLOWEST_BYTES_PER_SECOND = 64 * 1024;
/** A limit that is short stays short: what lies in the network lengthens it to nine times itself at most. */
const LONGEST_HOLD = 8;

/**
 * A limit on silence, not on work. Any byte is life, either way: one that the origin sends, and one that it takes.
 * Of the latter only the last few megabytes are in doubt, and they are given time.
 */
export interface SilenceWatch {
  readonly signal: AbortSignal;
  /** The origin sent something, an interim answer or a byte of its reply, say. */
  heard(): void;
  /** The way to the origin took so many bytes. */
  took(bytes: number): void;
  /** The origin gave its answer: nothing of the body is in doubt any more, but what it still has to take. */
  answered(): void;
  stop(): void;
}

/** Starts a watch; `signal` aborts after `seconds` in which nothing moves. */
export function watchForSilence(seconds: number): SilenceWatch {
  const controller = new AbortController();
  const deadline = new Deadline(() => controller.abort());
  deadline.start(seconds);
  let sent = 0;
  let isAnswered = false;
  const hold = (): number => {
    if (isAnswered) return 0;
    return Math.min(Math.min(sent, HELD_BYTES) / SLOWEST_BYTES_PER_SECOND, seconds * LONGEST_HOLD);
  };
  return {
    signal: controller.signal,
    heard: () => deadline.start(seconds + hold()),
    took: (bytes) => {
      sent += bytes;
      deadline.start(seconds + hold());
    },
    answered: () => {
      isAnswered = true;
      deadline.start(seconds);
    },
    stop: () => deadline.stop(),
  };
}
