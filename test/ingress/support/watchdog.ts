import { Worker } from "node:worker_threads";

const SILENCE_MILLISECONDS = 60_000;

/** Runs in a thread of its own, because a reader that hangs lets nothing else run in its own. */
const WATCH = `
  const { workerData } = require("node:worker_threads");
  const { writeSync } = require("node:fs");
  const { shared, seed, silence } = workerData;
  const counters = new Int32Array(shared, 0, 2);
  let seen = -1;
  setInterval(() => {
    if (counters[0] === seen) {
      const bytes = Buffer.from(new Uint8Array(shared, 8, counters[1])).toString("latin1");
      writeSync(2, JSON.stringify({ kind: "hang", seed, input: seen, bytes }) + "\\n");
      process.kill(process.pid, "SIGKILL");
    }
    seen = counters[0];
  }, silence);
`;

/**
 * Ends the process, with the seed and the input it is at, when `watch` was not called for a minute.
 *
 * @returns `watch`, to be called with each input before it is read, and `end`
 */
export function startWatchdog(
  seed: number,
  maximumInputBytes: number,
): { watch: (input: Uint8Array) => void; end: () => void } {
  const shared = new SharedArrayBuffer(8 + maximumInputBytes);
  const counters = new Int32Array(shared, 0, 2);
  const copy = new Uint8Array(shared, 8);
  const worker = new Worker(WATCH, {
    eval: true,
    workerData: { shared, seed, silence: SILENCE_MILLISECONDS },
  });
  worker.unref();
  return {
    watch(input) {
      copy.set(input);
      counters[1] = input.byteLength;
      counters[0] = (counters[0] ?? 0) + 1;
    },
    end() {
      void worker.terminate();
    },
  };
}
