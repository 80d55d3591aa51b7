/** What a shell reports for a process that a signal ended: 128 and its number. */
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** A signal of the user or the system, as the reason of an abort. */
class Interrupted extends Error {
  readonly code: number;

  constructor(code: number) {
    super("interrupted");
    this.code = code;
  }
}

/**
 * Runs work that can be called off. The first SIGINT, SIGTERM or SIGHUP aborts it, so that it can put things in order;
 * the second ends the process in the system's own way.
 *
 * @returns the work's exit code, or the signal's
 */
export async function untilSignal(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const listeners = Object.entries(CODES).map(([signal, code]) => {
    const listener = (): void => controller.abort(new Interrupted(code));
    process.once(signal, listener);
    return { signal, listener };
  });
  try {
    return await work(controller.signal);
  } catch (error) {
    const reason: unknown = controller.signal.reason;
    // Timers throw an AbortError whose cause is the reason.
    const isCalledOff = controller.signal.aborted && (error === reason || isAbort(error));
    if (isCalledOff && reason instanceof Interrupted) return reason.code;
    throw error;
  } finally {
    for (const { signal, listener } of listeners) process.off(signal, listener);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
