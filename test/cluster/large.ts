import { setTimeout as pause } from "node:timers/promises";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";
import { Cluster } from "./cluster.ts";
import type { Instance } from "./instance.ts";

const MEBIBYTE = 1 << 20;
/** What Windows sends at most (MaxFragmentSize, 13 MiB). */
const FRAGMENT_BYTES = 13 * MEBIBYTE;
const RETRY_MILLISECONDS = 1_000;
/** Two leases, and a slow machine. */
const TRIES = 300;

/**
 * One large upload through two edges, with the lease of a real cluster. Each of them is killed once, at a third and at two
 * thirds of it, so that the session's owner is among them. Prints what happened.
 *
 * @param objects SESSION_OBJECTS of the edges
 * @returns whether the application has what was sent, once
 */
export async function uploadLarge(mebibytes: number, objects: string): Promise<boolean> {
  await using origin = await startLegacyOrigin({ store: false, rememberIdempotencyKeys: true });
  const cluster = await Cluster.start({
    instances: 2,
    originUrl: origin.url,
    directories: [{ path: "/files/" }],
    divisor: 1,
    observe: () => undefined,
    settings: { SESSION_OBJECTS: objects },
  });
  const startedAt = performance.now();
  const say = (what: string): void => {
    process.stdout.write(`${((performance.now() - startedAt) / 1_000).toFixed(0)} s: ${what}\n`);
  };
  try {
    const source = patternSource(mebibytes * MEBIBYTE, "large");
    let largest = 0;
    cluster.store.observe = ({ bytes }) => {
      largest = Math.max(largest, bytes);
    };
    const victims = cluster.instances.map((instance, turn) => ({
      instance,
      at: ((turn + 1) * source.size) / 3,
    }));
    const restarts: Promise<void>[] = [];
    const report = await uploadFile(source, `http://127.0.0.1:${cluster.balancer.port}/files/large.bin`, {
      fragmentBytes: FRAGMENT_BYTES,
      tries: TRIES,
      retryDelayMilliseconds: RETRY_MILLISECONDS,
      onAck: (_, { receivedContentRange = 0 }) => {
        const [next] = victims;
        if (next === undefined || receivedContentRange < next.at) return;
        victims.shift();
        say(
          `${next.instance.name} is killed, ${Math.round(receivedContentRange / MEBIBYTE)} MiB are acknowledged`,
        );
        restarts.push(killAndRestart(next.instance));
      },
    });
    await Promise.all(restarts);
    const sent = await sha256Of(source);
    const taken = origin.requests.filter(({ status = 0, repeated }) => status < 300 && !repeated);
    say(
      `${mebibytes} MiB are answered ${report.closeAck.status}, Close-Session after ${(report.closeMilliseconds / 1_000).toFixed(0)} s; ` +
        `${report.sessions} session, ${report.breaks.length} breaks, ${Math.round(report.sentBytes / MEBIBYTE)} MiB sent; ` +
        `the bucket took ${Math.round(cluster.store.bytesWritten / MEBIBYTE)} MiB, ${Math.round(largest / MEBIBYTE)} MiB in its largest object; ` +
        `edges that ended by themselves: ${cluster.instances.reduce((sum, one) => sum + one.endedByItself, 0)}`,
    );
    const isWhole = taken.length === 1 && taken[0]?.sha256 === sent;
    say(isWhole ? "the application has it, once" : `BROKEN: the application has taken ${taken.length}`);
    return isWhole && report.sessions === 1;
  } finally {
    await cluster.stop();
  }
}

async function killAndRestart(instance: Instance): Promise<void> {
  await instance.kill();
  await pause(RETRY_MILLISECONDS);
  await instance.start();
}
