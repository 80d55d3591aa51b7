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
  let heardAt = Date.now();
  let timer = 0;
  // Moved when it fires and not at every call: `heard` is called for each piece of an upload.
  const look = () => {
    const left = heardAt + seconds * 1000 - Date.now();
    if (left > 0) timer = setTimeout(look, left);
    else controller.abort();
  };
  look();
  return {
    signal: controller.signal,
    heard() {
      heardAt = Date.now();
    },
    stop: () => clearTimeout(timer),
  };
}
