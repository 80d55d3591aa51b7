import type { Ack } from "../test/support/bits-client.ts";
import type { Edge } from "../test/support/edge.ts";
import type { LegacyOrigin } from "../test/support/legacy-origin.ts";
import { answer } from "../test/support/origin-behaviour.ts";
import { UploadRefused } from "../test/support/upload-outcome.ts";
import { uploadFile } from "../test/support/upload-file.ts";
import { patternSource, sha256Of } from "../test/support/upload-source.ts";
import { formatAck, formatBytes, heading, rows, whatWindowsDoesNext } from "./plain-words.ts";

const PATIENCE = { tries: 2, retryDelayMilliseconds: 200 };

/** A file for an application instead of a folder. @returns what did not come out as it should. */
export async function uploadToApplication(edge: Edge, origin: LegacyOrigin): Promise<string[]> {
  heading("An upload that an application receives");
  const source = patternSource(300_000, "report");
  const { closeAck } = await uploadFile(source, `${edge.tcpUrl}/notify/report.bin?month=11`, PATIENCE);
  const post = origin.of("POST").at(-1);
  rows([
    ["origin was sent", `${post?.method} ${post?.url}, ${post?.bytes} bytes`],
    ["", `BITS-Original-Request-URL: ${post?.headers["bits-original-request-url"]}`],
    ["Close-Session", formatAck(closeAck)],
  ]);
  const same = post?.sha256 === (await sha256Of(source));
  return same && post.url.startsWith("/receive.ashx") ? [] : ["The application did not receive the upload."];
}

/** Two uploads that the application refuses. @returns what did not come out as it should. */
export async function uploadWhatIsRefused(edge: Edge, origin: LegacyOrigin): Promise<string[]> {
  heading("An upload that the origin refuses for now: its disk is full");
  const before = origin.of("PUT").length;
  origin.queue(answer(507, { "BITS-Error-Code": "0x80041234" }));
  const acks: Ack[] = [];
  const onAck = (packetType: string, ack: Ack): void => {
    if (packetType === "Close-Session") acks.push(ack);
  };
  const source = patternSource(2_000_000, "full");
  const report = await uploadFile(source, `${edge.tcpUrl}/uploads/full.bin`, { ...PATIENCE, onAck });
  const [full, retried] = acks;
  const keys = origin
    .of("PUT")
    .slice(before)
    .map((put) => put.headers["idempotency-key"]);
  rows([
    ["origin answered", "507 Insufficient Storage   BITS-Error-Code: 0x80041234"],
    ["Close-Session", full === undefined ? "was not sent" : formatAck(full)],
    ["Windows", full === undefined ? "?" : whatWindowsDoesNext(full)],
    [
      "Close-Session",
      retried === undefined ? "was not repeated" : `${formatAck(retried)}   the disk has room again`,
    ],
    ["bytes sent", `${formatBytes(report.sentBytes)} of ${formatBytes(source.size)}`],
    ["origin was asked", `${keys.length} times with ${new Set(keys).size} Idempotency-Key`],
  ]);

  heading("An upload that the origin refuses for good");
  origin.queue(answer(409));
  const refusal: unknown = await uploadFile(patternSource(1_000), `${edge.tcpUrl}/uploads/conflict.bin`, {
    ...PATIENCE,
    onAck,
  }).then(
    () => "the upload was accepted",
    (error: unknown) => error,
  );
  const ack = refusal instanceof UploadRefused ? refusal.ack : undefined;
  rows([
    ["origin answered", "409 Conflict"],
    ["Close-Session", ack === undefined ? `unexpected: ${String(refusal)}` : formatAck(ack)],
    ["Windows", ack === undefined ? "?" : whatWindowsDoesNext(ack)],
  ]);

  const reflected = full?.status === 507 && full.errorCode === 0x80041234 && full.errorContext === 7;
  const stored = (await origin.files.sizeOf("/uploads/full.bin")) === source.size;
  const final = ack?.status === 409 && ack.errorCode === 0x80190199 && ack.errorContext === 7;
  return [
    ...(reflected ? [] : ["The Ack did not reflect the origin's 507 and its error code."]),
    ...(stored && retried?.status === 200 ? [] : ["The repeated Close-Session did not hand over the file."]),
    ...(final ? [] : ["The Ack did not reflect the origin's 409."]),
  ];
}

/** A rough measure, to see that nothing is badly wrong; the benchmark measures. */
export async function showSpeed(edge: Edge): Promise<string[]> {
  heading("Speed, roughly");
  const source = patternSource(64 << 20, "speed");
  const report = await uploadFile(source, `${edge.tcpUrl}/uploads/speed.bin`, PATIENCE);
  const rate = (milliseconds: number): string => `${formatBytes(source.size / (milliseconds / 1000))}/s`;
  rows([
    [
      "client to edge",
      `${rate(report.milliseconds - report.closeMilliseconds)}   64 MiB in Fragments of 1 MiB`,
    ],
    ["edge to origin", rate(report.closeMilliseconds)],
  ]);
  return [];
}
