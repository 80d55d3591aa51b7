import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { type Limits, runWorlds, type Share, type Tally } from "./tally.ts";

interface Task {
  readonly seed: number;
  readonly limits: Limits;
  readonly share: Share;
}

/** What a world leaves behind is short-lived, and there is much of it: in a young generation of a few MB it is moved about. */
const YOUNG_MEGABYTES = 128;

/** Runs worlds in a thread of their own. */
export async function runThread(task: Task): Promise<Tally> {
  const worker = new Worker(import.meta.filename, {
    workerData: task,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
  });
  return await new Promise<Tally>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

if (!isMainThread) {
  const { seed, limits, share } = workerData as Task;
  parentPort?.postMessage(await runWorlds(seed, limits, share), []);
}
