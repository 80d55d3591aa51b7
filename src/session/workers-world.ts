import type { Config } from "../config/config.ts";
import { hasOperators } from "../config/operator-settings.ts";
import { commit } from "../origin/commit.ts";
import { log } from "../runtime/log.ts";
import { count, observe, sendGrowth } from "../runtime/metrics.ts";
import { objectOf } from "../runtime/placement.ts";
import { networkFor } from "../runtime/network.ts";
import { indexNameOf, METRICS_OBJECT } from "../signed/session-place.ts";
import { formatSignedUrl } from "../signed/signed-url.ts";
import type { SessionBindings } from "./session-bindings.ts";
import type { RunningDigest, SessionWorld } from "./session-world.ts";

/**
 * The world as the Workers runtime has it.
 *
 * @param config the settings as they are now
 */
export function workersWorld(
  context: DurableObjectState,
  { SESSION_COUNTERS, SESSION_INDEX }: SessionBindings,
  config: () => Config,
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
