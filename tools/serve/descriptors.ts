/** What workerd opens whatever happens: 27 with no session and no connection (seen), and some for the bucket and the origin. */
const OF_ITS_OWN = 64;
/**
 * A connection has two; its session's database three, as long as it is in memory; its commit's socket two (seen in workerd
 * 1.20261117.1, which ends itself where accept() finds no descriptor).
 */
const OF_A_CONNECTION = 8;

/** Below it an edge of some size runs out: short sessions keep their databases open for ten seconds after their end. */
export const ENOUGH_DESCRIPTORS = 8_192;

/** How many files a process of this user may open at most: the hard limit, up to which the soft one is raised. */
export function descriptorLimit(): number {
  if (process.platform === "win32" || process.report === undefined) return Number.POSITIVE_INFINITY;
  // Without it the report asks for the names of all hosts that this process is connected with.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { userLimits?: { open_files?: { hard?: unknown } } };
  const hard = Number(report.userLimits?.open_files?.hard);
  return Number.isFinite(hard) ? hard : Number.POSITIVE_INFINITY;
}

/** How many connections the TCP door may have open at once, so that the limit is not reached. */
export function connectionsFor(limit: number): number {
  if (!Number.isFinite(limit)) return 1_000_000;
  return Math.max(1, Math.floor((limit - OF_ITS_OWN) / OF_A_CONNECTION));
}
