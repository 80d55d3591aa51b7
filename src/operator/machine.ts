import * as v from "valibot";
import type { Env } from "../env.ts";
import type { Gauge } from "../runtime/metrics.ts";

/** A scrape does not wait longer: the edge's own figures come without the machine's. */
const PATIENCE_MS = 1_000;

const NAMES = [
  "process_open_fds",
  "process_max_fds",
  "bitsedge_state_bytes",
  "bitsedge_disk_free_bytes",
  "bitsedge_disk_size_bytes",
] as const satisfies readonly Gauge[];
const FIGURES = v.record(v.picklist(NAMES), v.pipe(v.number(), v.minValue(0)));

/**
 * What the machine under the edge says: descriptors and disk, which a Worker cannot see. `npm run serve` answers at the binding
 * `MACHINE` (tools/serve/machine.ts).
 *
 * @returns nothing on Cloudflare, and where nobody answers in time
 */
export async function machineFigures({
  MACHINE,
}: Pick<Env, "MACHINE">): Promise<v.InferOutput<typeof FIGURES>> {
  if (MACHINE === undefined) return {};
  try {
    const response = await MACHINE.fetch("http://machine/", { signal: AbortSignal.timeout(PATIENCE_MS) });
    return v.parse(FIGURES, await response.json());
  } catch {
    return {};
  }
}
