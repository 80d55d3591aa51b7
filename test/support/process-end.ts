const duties = new Set<() => void>();
let listening = false;

/**
 * Runs `duty` when this process ends, by its own exit or by a signal that would skip the exit handlers: what
 * tests start must not outlive them. Synchronous work only; SIGKILL alone is not caught.
 *
 * @returns a function that calls it off
 */
export function atProcessEnd(duty: () => void): () => void {
  duties.add(duty);
  if (!listening) listen();
  return () => {
    duties.delete(duty);
  };
}

function listen(): void {
  listening = true;
  process.on("exit", runDuties);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      // Someone else who listens cleans up in his own order; with nobody, the signal does its work.
      if (process.listenerCount(signal) > 0) return;
      runDuties();
      process.kill(process.pid, signal);
    });
  }
}

/** Last begun, first ended. */
function runDuties(): void {
  for (const duty of [...duties].toReversed()) duty();
  duties.clear();
}
