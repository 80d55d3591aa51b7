/** What Cloudflare would bill, counted. */
export interface Counts {
  /** Requests to the Worker: one for each request at the HTTP door, one for each connection at the TCP door. */
  readonly workerRequests: number;
  /** Calls of the objects' methods. */
  readonly objectRequests: number;
  /** An alarm that is set counts as one, as Cloudflare counts it. */
  readonly rowsWritten: number;
  readonly rowsRead: number;
  /** Wall time while a call of the object was under way. */
  readonly activeMilliseconds: number;
  /** All of workerd's: more than the Worker's own, which is what is billed. */
  readonly cpuMilliseconds: number;
}

/** Workers Paid, beyond what a month includes; dollars. */
export const PRICES = {
  asOf: "November 2026",
  sources: [
    "https://developers.cloudflare.com/workers/platform/pricing/",
    "https://developers.cloudflare.com/durable-objects/platform/pricing/",
  ],
  each: {
    workerRequests: 0.3e-6,
    objectRequests: 0.15e-6,
    rowsWritten: 1e-6,
    rowsRead: 0.001e-6,
    /** 128 MB at $12.50 for a million GB-seconds. */
    activeMilliseconds: 1.6e-9,
    cpuMilliseconds: 0.02e-6,
  },
  storedGigabyteMonth: 0.2,
} as const;

const HOURS_PER_MONTH = 730;

/** Dollars for all of it. Stored bytes are apart: they cost by how long an upload waits. */
export function dollars(counts: Counts): number {
  const names = Object.keys(PRICES.each) as (keyof typeof PRICES.each)[];
  return names.reduce((sum, name) => sum + counts[name] * PRICES.each[name], 0);
}

const MEBIBYTE = 1024 * 1024;
/** What each MiB adds that moves to a segment: its row there, its row here removed, a step; one call to read it. */
const MOVED_MEBIBYTE = { objectRequests: 2, rowsWritten: 3, rowsRead: 6 };

/** The counts of an upload that moves to segments. A byte that moves keeps an object active once more, for as long as before. */
export function withMoving(bytes: number, counts: Counts): Counts {
  const moved = bytes / MEBIBYTE;
  return {
    ...counts,
    objectRequests: counts.objectRequests + moved * MOVED_MEBIBYTE.objectRequests,
    rowsWritten: counts.rowsWritten + moved * MOVED_MEBIBYTE.rowsWritten,
    rowsRead: counts.rowsRead + moved * MOVED_MEBIBYTE.rowsRead,
    activeMilliseconds: counts.activeMilliseconds * 2,
    cpuMilliseconds: counts.cpuMilliseconds * 2,
  };
}

/** Dollars for keeping `bytes` for an hour. */
export function dollarsPerStoredHour(bytes: number): number {
  return ((bytes / 1e9) * PRICES.storedGigabyteMonth) / HOURS_PER_MONTH;
}

/**
 * An upload of `bytes`, from the counts of two smaller ones: what every upload costs, and what every byte adds.
 * Fragments, connections and rows all grow in step with the bytes, so a straight line it is.
 */
export function extrapolate(
  bytes: number,
  small: { readonly bytes: number; readonly counts: Counts },
  large: { readonly bytes: number; readonly counts: Counts },
): Counts {
  const steps = (bytes - small.bytes) / (large.bytes - small.bytes);
  const at = (name: keyof Counts): number =>
    small.counts[name] + steps * (large.counts[name] - small.counts[name]);
  return {
    workerRequests: at("workerRequests"),
    objectRequests: at("objectRequests"),
    rowsWritten: at("rowsWritten"),
    rowsRead: at("rowsRead"),
    activeMilliseconds: at("activeMilliseconds"),
    cpuMilliseconds: at("cpuMilliseconds"),
  };
}
