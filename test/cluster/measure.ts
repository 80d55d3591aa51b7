import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource } from "../support/upload-source.ts";
import { Cluster } from "./cluster.ts";

const HELP = `What a cluster costs: small uploads at once, and a large one, with a session an object and with shared objects.

  node test/cluster/measure.ts [--objects 0,16] [--sessions 60] [--clients 8] [--mebibytes 32]

The bucket is the simulator of R2. With AWS_ENDPOINT_URL in the environment it is the bucket "uploads" there.
`;

const { values } = parseArgs({
  options: {
    objects: { type: "string", default: "0,16" },
    sessions: { type: "string", default: "60" },
    clients: { type: "string", default: "8" },
    mebibytes: { type: "string", default: "32" },
    help: { type: "boolean", default: false },
  },
});
const SMALL_BYTES = 64 * 1024;
const MEBIBYTE = 1 << 20;

if (values.help) process.stdout.write(HELP);
else for (const objects of values.objects.split(",")) await measure(objects);

/** One cluster of two edges; a line with its numbers. */
async function measure(objects: string): Promise<void> {
  await using origin = await startLegacyOrigin();
  const cluster = await Cluster.start({
    instances: 2,
    originUrl: origin.url,
    directories: [{ path: "/files/" }],
    divisor: 1,
    observe: () => undefined,
    settings: { SESSION_OBJECTS: objects },
  });
  try {
    const url = (name: string): string => `http://127.0.0.1:${cluster.balancer.port}/files/${name}`;
    await uploadFile(patternSource(SMALL_BYTES, "warm"), url("warm.bin"), { tries: 100 });
    const sessions = Number(values.sessions);
    const putsBefore = cluster.store.counts.get("PUT") ?? 0;
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < sessions) {
        next += 1;
        const name = `small-${next}`;
        await uploadFile(patternSource(SMALL_BYTES, name), url(`${name}.bin`), { tries: 100 });
      }
    };
    const smallSeconds = await secondsOf(async () => {
      await Promise.all(Array.from({ length: Number(values.clients) }, work));
    });
    const puts = (cluster.store.counts.get("PUT") ?? 0) - putsBefore;
    const mebibytes = Number(values.mebibytes);
    const largeSeconds = await secondsOf(async () => {
      const source = patternSource(mebibytes * MEBIBYTE, "large");
      await uploadFile(source, url("large.bin"), { fragmentBytes: 13 * MEBIBYTE, tries: 100 });
    });
    process.stdout.write(
      `SESSION_OBJECTS ${objects}: ${(sessions / smallSeconds).toFixed(1)} sessions/s of 64 KiB by ${values.clients} clients, ` +
        `${(puts / sessions).toFixed(1)} writes to the bucket each; one upload of ${mebibytes} MiB at ${(mebibytes / largeSeconds).toFixed(1)} MiB/s\n`,
    );
  } finally {
    await cluster.stop();
  }
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}
