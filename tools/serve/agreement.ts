import { createHmac } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { type Bucket, BucketSilent } from "./bucket.ts";
import type { ClusterOptions } from "./cluster-options.ts";
import { ServeError } from "./serve-error.ts";
import type { Settings } from "./settings.ts";

/** What the edges of a cluster have agreed on. A setting is kept as a keyed digest: the bucket learns no secret. */
interface Agreement {
  /** Host that wrote it. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  readonly settings: Readonly<Record<string, string>>;
}

const KEY = "bits-edge/configuration.json";
/** These are a machine's own. */
const MAY_DIFFER = new Set(["MAXIMUM_CONNECTIONS", "CLUSTER_READY_URL"]);
const PATIENCE_MILLISECONDS = 60_000;
const PAUSE_MILLISECONDS = 1_000;

/**
 * Sees that this edge is set as the others of its cluster are: any of them may be asked for any session, and one with
 * another SESSION_KEY would know none of them. The first edge writes down what the others are held to.
 *
 * @throws ServeError that names the settings that differ, or says what is wrong with the bucket
 */
export async function agree(cluster: ClusterOptions, settings: Settings, bucket: Bucket): Promise<void> {
  const ours: Agreement = {
    by: hostname(),
    at: new Date().toISOString(),
    settings: digests(cluster.key, settings),
  };
  if (cluster.replacesConfiguration) {
    await patiently(() => bucket.put(KEY, JSON.stringify(ours), false));
    return;
  }
  for (;;) {
    const found = await patiently(() => bucket.get(KEY));
    if (found !== null) return compare(ours, parse(found));
    if (await patiently(() => bucket.put(KEY, JSON.stringify(ours), true))) return;
  }
}

function digests(key: string, settings: Settings): Record<string, string> {
  const digest = (name: string, value: string): string =>
    createHmac("sha256", key).update(`${name}=${value}`).digest("hex").slice(0, 32);
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([name]) => !MAY_DIFFER.has(name))
      .map(([name, value]) => [name, digest(name, value)]),
  );
}

function compare(ours: Agreement, theirs: Agreement): void {
  const names = new Set([...Object.keys(ours.settings), ...Object.keys(theirs.settings)]);
  const differing = [...names].filter((name) => ours.settings[name] !== theirs.settings[name]).toSorted();
  if (differing.length === 0) return;
  const which =
    differing.length === names.size
      ? "CLUSTER_KEY, or all settings, of this edge differ"
      : `${differing.join(", ")} of this edge ${differing.length === 1 ? "differs" : "differ"}`;
  throw new ServeError(
    `${which} from what ${theirs.by} has set for the cluster on ${theirs.at}. All edges of a cluster need the same; ` +
      "to change it, start this one with --cluster-new-configuration and the others again after it.",
  );
}

function parse(text: string): Agreement {
  try {
    const { by, at, settings } = JSON.parse(text) as Agreement;
    if (typeof settings === "object") return { by, at, settings };
  } catch {
    // Said below.
  }
  throw new ServeError(`${KEY} in the bucket is not what an edge writes there; remove it.`);
}

/** A bucket that is late or overloaded is asked again for a minute: an edge may be started in just such a time. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof BucketSilent) || Date.now() > deadline) throw error;
      await pause(PAUSE_MILLISECONDS);
    }
  }
}
