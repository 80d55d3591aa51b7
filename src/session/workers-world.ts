import type { Config } from "../config/config.ts";
import { hasOperators } from "../config/operator-settings.ts";
import { commit } from "../origin/commit.ts";
import { log } from "../runtime/log.ts";
import { count, observe, sendGrowth } from "../runtime/metrics.ts";
import { besides, objectOf } from "../runtime/placement.ts";
import { networkFor } from "../runtime/network.ts";
import { indexNameOf, METRICS_OBJECT } from "../signed/session-place.ts";
import { formatSignedUrl } from "../signed/signed-url.ts";
import type { SessionBindings } from "./session-bindings.ts";
import type { SegmentSizes } from "./segment-sizes.ts";
import type { RunningDigest, SessionWorld } from "./session-world.ts";

/**
 * The world as the Workers runtime has it.
 *
 * @param config the settings as they are now
 * @param segmentSizes how large uploads are divided
 */
export function workersWorld(
  context: DurableObjectState,
  { SESSION_COUNTERS, SESSION_INDEX, UPLOAD_SEGMENTS }: SessionBindings,
  config: () => Config,
  segmentSizes: () => SegmentSizes,
): SessionWorld {
  return {
    now: () => Date.now(),
    after: (milliseconds, call) => {
      const timer = setTimeout(call, milliseconds);
      return () => clearTimeout(timer);
    },
    randomId: () => crypto.randomUUID(),
    startDigest,
    commit: async (handover) =>
      await commit({ ...handover, network: networkFor(handover.request.url, config()) }),
    signUrl: formatSignedUrl,
    config,
    counter: (name) => objectOf(SESSION_COUNTERS, name, config().placement),
    index: (sessionId) =>
      // If nobody can see the list, it costs nothing.
      SESSION_INDEX !== undefined && isSeen(config)
        ? objectOf(SESSION_INDEX, indexNameOf(sessionId), config().placement)
        : null,
    segment(name) {
      if (UPLOAD_SEGMENTS === undefined) throw new Error("the binding UPLOAD_SEGMENTS is missing");
      return objectOf(UPLOAD_SEGMENTS, name, besides(context.id));
    },
    segmentSizes,
    keepAlive: (work) => context.waitUntil(work),
    log,
    count(name, labels, by) {
      count(name, labels, by);
      // If nobody can see the metrics, they cost nothing.
      if (isSeen(config))
        context.waitUntil(sendGrowth(() => objectOf(SESSION_COUNTERS, METRICS_OBJECT, config().placement)));
    },
    observe,
  };
}

function isSeen(config: () => Config): boolean {
  try {
    return hasOperators(config().operator);
  } catch {
    return false; // the next reader of the configuration says what is wrong with it
  }
}

function startDigest(): RunningDigest {
  const stream = new crypto.DigestStream("SHA-256");
  const writer = stream.getWriter();
  return {
    write: async (bytes) => await writer.write(bytes),
    async finish() {
      await writer.close();
      return btoa(String.fromCharCode(...new Uint8Array(await stream.digest)));
    },
  };
}
