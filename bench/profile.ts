import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { UploadJob } from "./client/process.ts";
import { Uploader } from "./client/uploader.ts";
import { bundle } from "../test/support/bundle.ts";
import { startBareWorkerd } from "./edge/bare-workerd.ts";
import { startOrigin } from "./edge/origin.ts";
import { folderFor } from "./machine/folders.ts";
import { CpuProfiler } from "./profile/cpu-profiler.ts";
import { hotFunctions } from "./profile/hot-functions.ts";

/**
 * Where the edge's time goes, in its own functions: `node bench/profile.ts --what bulk-1m`. What the runtime does
 * (SQLite, sockets, RPC) has no frames of its own and counts for the function that asked for it, or as "(program)".
 */
const LOADS = {
  "bulk-1m": { totalBytes: 256 << 20, fragmentBytes: 1 << 20, clients: 1, uploads: 4 },
  "bulk-13m": { totalBytes: 256 << 20, fragmentBytes: 13 << 20, clients: 1, uploads: 4 },
  "bulk-64k": { totalBytes: 64 << 20, fragmentBytes: 64 << 10, clients: 1, uploads: 4 },
  small: { totalBytes: 64 << 10, fragmentBytes: 64 << 10, clients: 16, uploads: 1000 },
} satisfies Record<string, Omit<UploadJob, "destination" | "folder">>;

const { values } = parseArgs({
  options: {
    what: { type: "string", default: "bulk-1m" },
    door: { type: "string", default: "tcp" },
    storage: { type: "string", default: "memory" },
    objects: { type: "string", default: "0" },
    top: { type: "string", default: "25" },
  },
});
const load = LOADS[values.what as keyof typeof LOADS];
if (load === undefined) throw new Error(`--what is one of ${Object.keys(LOADS).join(", ")}`);

const folder = await folderFor(values.storage === "disk" ? "disk" : "memory");
const uploader = new Uploader();
const origin = await startOrigin();
try {
  const vars = {
    SESSION_KEY: "a key for the benchmark, 32 characters or more",
    ORIGIN_URL: origin.url,
    SESSION_OBJECTS: Number(values.objects),
    UPLOAD_DIRECTORIES: [{ path: "/bench/", allow_overwrites: true }],
  };
  await using edge = await startBareWorkerd(folder, await bundle(), vars, true);
  const dialect = values.door === "http" ? "http" : "tcp";
  const port = dialect === "tcp" ? edge.tcpPort : edge.httpPort;
  const job: UploadJob = { ...load, destination: { host: "127.0.0.1", port, dialect }, folder: "/bench/" };
  await uploader.run({ ...job, uploads: Math.ceil(job.uploads / 4) });
  const profiler = await CpuProfiler.attach(edge.inspectorPort);
  await profiler.start();
  const { milliseconds } = await uploader.run(job);
  const profile = await profiler.stop();
  profiler.close();

  await mkdir(join(tmpdir(), "bits-edge-profiles"), { recursive: true });
  const file = join(tmpdir(), "bits-edge-profiles", `${values.what}-${dialect}.cpuprofile`);
  await writeFile(file, JSON.stringify(profile));

  console.log(
    `${values.what}, ${dialect} door, storage in ${values.storage}: ${milliseconds.toFixed(0)} ms\n`,
  );
  console.log("  self      %   with calls  function");
  for (const { name, place, selfMilliseconds, totalMilliseconds } of hotFunctions(profile).slice(
    0,
    Number(values.top),
  )) {
    const share = (100 * selfMilliseconds) / milliseconds;
    console.log(
      `${selfMilliseconds.toFixed(0).padStart(6)} ms ${share.toFixed(1).padStart(5)} ${totalMilliseconds.toFixed(0).padStart(8)} ms  ${name} ${place}`,
    );
  }
  console.log(`\n${file}`);
} finally {
  await uploader.stop();
  await origin.stop();
  await rm(folder, { recursive: true, force: true });
}
