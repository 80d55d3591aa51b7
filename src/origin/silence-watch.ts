import { Deadline } from "../runtime/deadline.ts";

/** A limit on silence, not on work: it starts again whenever the origin is heard. */
export interface SilenceWatch {
  readonly signal: AbortSignal;
  /** The origin took or gave some bytes: the time starts again. */
  heard(): void;
  stop(): void;
}

/** Starts a watch; `signal` aborts after `seconds` without a call of `heard`. */
export function watchForSilence(seconds: number): SilenceWatch {
  const controller = new AbortController();
  const deadline = new Deadline(() => controller.abort());
  deadline.start(seconds);
  return {
    signal: controller.signal,
    heard: () => deadline.start(seconds),
    stop: () => deadline.stop(),
  };
}
