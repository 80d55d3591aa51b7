// The whole job on this machine: a legacy origin, the edge under `wrangler dev`, and a BITS client that
// speaks BITS_POST over a raw socket, as Windows does. No account, no network.
//   npm start              uploads an executable of more than 100 MB
//   npm start -- FILE      uploads FILE
//   npm start -- --stay    and keeps the operator's page open, with uploads running, until Ctrl-C
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { type Edge, startEdge } from "../test/support/edge.ts";
import { workerdBinary } from "../test/support/edge-workerd.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../test/support/legacy-origin.ts";
import { showSpeed, uploadToApplication, uploadWhatIsRefused } from "./further-uploads.ts";
import { sayHowToGoOn } from "./how-to-go-on.ts";
import { keepUploading, OPERATOR_TOKEN, sayWhereThePageIs, troubleOf } from "./operators-page.ts";
import { formatBytes, formatCount, heading, rows } from "./plain-words.ts";
import { UploadProgress } from "./upload-progress.ts";
import { uploadFile } from "../test/support/upload-file.ts";
import { fileSource } from "../test/support/upload-source.ts";

const FRAGMENT_BYTES = 4 << 20;
const DIRECTORIES = [
  { path: "/uploads/", notification: "none", allow_overwrites: false },
  { path: "/notify/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/hold/", notification: "by-value", notification_url: "/receive.ashx", unknown_outcome: "hold" },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { stay: { type: "boolean", default: false } },
});
process.exitCode = await main(positionals[0] ?? workerdBinary(), values.stay);

/** Runs the job and cleans up after it, whatever happens; gives the exit code. */
async function main(path: string, isStaying: boolean): Promise<number> {
  const found = await stat(path).catch(() => {});
  if (found?.isFile() !== true) {
    console.error(`There is no file ${path}. Name one to upload: npm start -- FILE`);
    return 1;
  }
  const started: (() => Promise<void>)[] = [];
  const cleanUp = async (): Promise<void> => {
    for (const stop of started.splice(0).toReversed()) await stop();
  };
  const stopped = new AbortController();
  process.on("SIGINT", () => {
    stopped.abort();
    void cleanUp().finally(() => process.exit(130));
  });
  let logs: Edge["logs"] = [];
  try {
    heading("Starting");
    const origin = await startLegacyOrigin({ behave: troubleOf });
    started.push(() => origin.close());
    const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: DIRECTORIES, SESSION_OBJECTS: 1 };
    const edge = await startEdge({ via: "wrangler", vars, secrets: { OPERATOR_TOKEN } });
    started.push(() => edge.stop());
    logs = edge.logs;
    rows([
      ["legacy origin", `${origin.url}   keeps files in ${origin.files.folder}`],
      ["edge, TCP door", `${edge.tcpUrl}   BITS_POST as Windows sends it`],
      ["edge, HTTP door", `${edge.httpUrl}   for gateways that rewrite the verb`],
      ["/uploads/", "the origin gets each finished file as one PUT"],
      ["/notify/", "the origin's application gets it as one POST to /receive.ashx"],
    ]);
    const mismatches = [
      ...(await uploadWithABreak(path, edge, origin)),
      ...(await uploadToApplication(edge, origin)),
      ...(await uploadWhatIsRefused(edge, origin)),
      ...(await showSpeed(edge)),
    ];
    if (mismatches.length > 0) {
      heading("This is not as it should be");
      for (const mismatch of mismatches) console.log(`   ${mismatch}`);
      return 1;
    }
    sayHowToGoOn();
    sayWhereThePageIs(edge, isStaying);
    if (isStaying) await keepUploading(edge, stopped.signal);
    return 0;
  } catch (error) {
    heading("This did not work");
    console.log(`   ${error instanceof Error ? error.message : String(error)}`);
    for (const line of logs.slice(-8)) console.log(`   edge: ${line.text}`);
    return 1;
  } finally {
    await cleanUp();
  }
}

/** One upload of `path` that loses its connection half way. @returns what did not come out as it should. */
async function uploadWithABreak(path: string, edge: Edge, origin: LegacyOrigin): Promise<string[]> {
  const source = await fileSource(path);
  const url = `${edge.tcpUrl}/uploads/${encodeURIComponent(basename(path))}`;
  heading(`Uploading ${path}, ${formatCount(source.size)} bytes`);
  const plan = source.size > 1 ? "; the connection will break half way" : "";
  console.log(`   to ${url} in Fragments of ${FRAGMENT_BYTES >> 20} MiB${plan}`);

  const before = await edge.rssBytes();
  let most = before ?? 0;
  const watch = setInterval(() => {
    void edge.rssBytes().then((bytes) => (most = Math.max(most, bytes ?? 0)));
  }, 200);
  const progress = new UploadProgress(source.size);
  const report = await uploadFile(source, url, {
    fragmentBytes: FRAGMENT_BYTES,
    breakAfterBytes: insideAFragment(source.size),
    // After a break Windows feels its way with a small Fragment, whose Ack tells what is stored.
    resumeFragmentBytes: 5 << 10,
    onProgress: (bytes) => progress.update(bytes),
  }).finally(() => {
    clearInterval(watch);
    progress.stop();
  });
  const after = await edge.rssBytes();

  for (const { sentTo, resumedAt } of report.breaks) {
    rows([
      ["broke at", `offset ${formatCount(sentTo)}, inside a Fragment`],
      ["next Ack", `BITS-Received-Content-Range: ${resumedAt}, where the upload goes on`],
      ["sent again", `${formatCount(report.sentBytes - source.size)} bytes of the file`],
    ]);
  }

  heading("What the origin has");
  const put = origin.of("PUT").at(-1);
  const copy = origin.files.pathOf(new URL(url).pathname) ?? "";
  const [sent, stored] = await Promise.all([sha256OfFile(path), sha256OfFile(copy)]);
  const size = (await stat(copy).catch(() => {}))?.size;
  rows([
    ["SHA-256 sent", sent],
    ["SHA-256 stored", `${stored}   ${sent === stored ? "equal" : "NOT EQUAL"}`],
    ["bytes stored", `${formatCount(size ?? 0)} of ${formatCount(source.size)}`],
    ["origin was sent", `${put?.method} ${put?.url}, Content-Length: ${put?.headers["content-length"]}`],
    ["", `Idempotency-Key: ${put?.headers["idempotency-key"]}`],
    [
      "time",
      `${seconds(report.milliseconds)}, of it ${seconds(report.closeMilliseconds)} for Close-Session and the PUT;` +
        ` ${formatBytes(source.size / (report.milliseconds / 1000))}/s`,
    ],
    ["workerd memory", `${memory(before)} before, ${memory(most)} at most, ${memory(after)} after`],
  ]);
  return [
    ...(sent === stored ? [] : [`The origin's copy of ${path} is another file than the one that was sent.`]),
    ...(report.breaks.length === 1 || source.size < 2
      ? []
      : ["The connection did not break once, as planned."]),
    ...(report.sessions === 1 ? [] : ["The upload did not resume; it began again."]),
  ];
}

/** An offset near the middle of the file that lies inside a Fragment, and inside a piece of what is stored. */
function insideAFragment(size: number): number {
  const half = Math.floor(size / 2);
  const offset = half - (half % FRAGMENT_BYTES) + Math.floor(FRAGMENT_BYTES * 0.65);
  return offset < size ? offset : half;
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  } catch {
    return "(no file)";
  }
  return hash.digest("hex");
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function memory(bytes: number | undefined): string {
  return bytes === undefined || bytes === 0 ? "not told by this system" : formatBytes(bytes);
}
