import { randomFillSync } from "node:crypto";
import { type Destination, type Latencies, UploadingClient, type UploadTimes } from "./upload.ts";

/** Uploads by several clients at once, each one after the other. */
export interface UploadJob {
  readonly destination: Destination;
  /** Path that the uploads' own names are added to. */
  readonly folder: string;
  readonly totalBytes: number;
  readonly fragmentBytes: number;
  readonly clients: number;
  /** Of all clients together. */
  readonly uploads: number;
  /** Default true; false leaves the uploads open, without a commit. */
  readonly ends?: boolean;
}

/** What the job took, all of it. */
export interface UploadResult {
  readonly milliseconds: number;
  /** CPU of this process, user and system, in milliseconds. */
  readonly cpuMilliseconds: number;
  readonly connections: number;
  readonly uploads: readonly UploadTimes[];
  readonly latencies: Latencies;
}

let names = 0;

async function run(job: UploadJob): Promise<UploadResult> {
  const fragment = randomFillSync(Buffer.allocUnsafe(Math.min(job.fragmentBytes, job.totalBytes)));
  const latencies: Latencies = { begin: [], fragment: [], end: [] };
  const uploads: UploadTimes[] = [];
  let left = job.uploads;
  const clients = Array.from({ length: job.clients }, () => new UploadingClient(job.destination));
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) {
        const target = `${job.folder}${process.pid}-${names++}.bin`;
        uploads.push(await client.upload(target, job.totalBytes, fragment, latencies, job.ends));
      }
    }),
  );
  const milliseconds = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  for (const client of clients) client.close();
  const connections = clients.reduce((sum, client) => sum + client.connections, 0);
  return { milliseconds, cpuMilliseconds: (user + system) / 1000, connections, uploads, latencies };
}

process.on("message", (job: UploadJob) => {
  run(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on("disconnect", () => process.exit());
