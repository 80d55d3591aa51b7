import { OVERWRITING, startMeasuredEdge } from "../edge/measured-edge.ts";
import { figure, ratio } from "../measure/figure.ts";
import { interleave } from "../measure/interleave.ts";
import { megabytesPerSecond } from "../measure/statistics.ts";
import type { Stage, Suite } from "./stage.ts";

const MIB = 1024 * 1024;
const UPLOAD_BYTES = 64 * MIB;

/** What `wrangler dev` adds: a developer should know that its numbers are not production's. */
export const development: Suite = {
  name: "development",
  title: "The same under wrangler dev: 64 MiB in 1 MiB Fragments, TCP door, memory",
  steps: 2,
  async run(stage) {
    const { rounds, progress } = stage;
    const runs = await interleave(
      { "bare workerd": () => speed(stage, "workerd"), "wrangler dev": () => speed(stage, "wrangler") },
      rounds,
      progress,
      "wrangler dev",
    );
    const [bare, dev] = [runs["bare workerd"], runs["wrangler dev"]];
    return [
      figure("development/bare workerd", "MB/s", bare),
      figure("development/wrangler dev", "MB/s", dev),
      ratio("development/wrangler dev to bare workerd", dev, bare),
    ];
  },
};

async function speed({ uploader, origin, disk }: Stage, via: "workerd" | "wrangler"): Promise<number> {
  await using edge = await startMeasuredEdge({ storage: "memory", disk, originUrl: origin.url, via });
  const job = {
    destination: edge.door("tcp"),
    folder: OVERWRITING,
    totalBytes: UPLOAD_BYTES,
    fragmentBytes: MIB,
    clients: 1,
    uploads: 1,
  };
  await uploader.run({ ...job, totalBytes: 16 * MIB });
  return megabytesPerSecond(UPLOAD_BYTES, (await uploader.run(job)).milliseconds);
}
