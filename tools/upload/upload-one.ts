import { rm } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Courier } from "../bits-client/courier.ts";
import type { Verb } from "../bits-client/packet-head.ts";
import type { TlsSettings } from "../bits-client/tls-settings.ts";
import { CliError } from "../terminal/cli-error.ts";
import { cancel } from "./cancel.ts";
import type { Destination } from "./destination.ts";
import { KeptUpload, keyOf } from "./kept-upload.ts";
import { FileChanged, type FileIdentity, LocalFile } from "./local-file.ts";
import { holdAlone } from "./only-one.ts";
import { begin, type Progress, type ReplyWish } from "./progress.ts";
import { ReplyDownload } from "./reply.ts";
import { Upload } from "./upload.ts";
import type { UploadEvent } from "./upload-event.ts";
import { type Patience, WaitTimes } from "./wait-times.ts";

/** What all uploads of one command have in common. */
export interface UploadSettings {
  readonly verb: Verb | "auto";
  readonly authorization: string | null;
  readonly tls: TlsSettings;
  readonly stateFolder: string;
  readonly patience: Patience;
  /** `cancel`: give up what was kept of it. `fresh`: do that, then upload. */
  readonly deed: "upload" | "fresh" | "cancel";
  readonly reply: ReplyWish;
  /** Where the reply of this file goes. */
  readonly replyPath: (path: string) => string;
  readonly signal: AbortSignal;
}

type Tell = (event: UploadEvent) => void;

/**
 * One file from the command line to its end, with what an earlier run has left of it.
 *
 * @throws CliError with the reason and the exit code; the signal's reason
 */
export async function uploadOne(
  { path, url }: Destination,
  settings: UploadSettings,
  tell: Tell,
): Promise<void> {
  const absolute = resolve(path);
  const { stateFolder, deed } = settings;
  const letGo = await holdAlone(stateFolder, keyOf(absolute, url.href), path);
  const courier = new Courier({ ...settings, url, contentName: basename(absolute) });
  const kept = new KeptUpload(stateFolder, absolute, url.href);
  try {
    if (deed === "cancel") await cancelOne(kept, courier, settings, tell);
    else await sendOne(absolute, { courier, kept, url }, settings, tell);
  } finally {
    courier.close();
    await letGo();
  }
}

async function cancelOne(
  kept: KeptUpload,
  courier: Courier,
  settings: UploadSettings,
  tell: Tell,
): Promise<void> {
  const before = await kept.read();
  if (before === null) throw new CliError("refused", "There is no upload of it under way from this machine.");
  await giveUp(before.progress, courier, settings, true);
  await kept.remove();
  tell({ event: "cancelled" });
}

interface Means {
  readonly courier: Courier;
  readonly kept: KeptUpload;
  readonly url: URL;
}

async function sendOne(path: string, means: Means, settings: UploadSettings, tell: Tell): Promise<void> {
  const { courier, kept } = means;
  const file = await LocalFile.open(path);
  try {
    const before = await kept.read();
    if (before !== null && settings.deed === "upload" && isSame(before.identity, file.identity)) {
      return await run({ ...before.progress, reply: settings.reply }, file, means, settings, tell);
    }
    if (before !== null) await giveUp(before.progress, courier, settings, false);
    await kept.remove();
    await run(begin(file.identity.size, settings.reply), file, means, settings, tell);
  } finally {
    await file.close();
  }
}

async function run(
  progress: Progress,
  file: LocalFile,
  { courier, kept, url }: Means,
  settings: UploadSettings,
  tell: Tell,
): Promise<void> {
  const reply = new ReplyDownload({ ...settings, url, path: settings.replyPath(file.path) });
  tell({ event: "started", bytes: file.identity.size, offset: progress.offset });
  const upload = new Upload(progress, {
    file,
    courier,
    waits: new WaitTimes(settings.patience, () => performance.now(), Math.random),
    keep: async (now) => await kept.write(file.identity, now),
    fetchReply: async (replyUrl) => await fetchReply(reply, replyUrl, settings.reply, tell),
    tell,
    signal: settings.signal,
  });
  try {
    const report = await upload.run();
    await kept.remove();
    tell({ event: "uploaded", ...report });
  } catch (error) {
    await reply.discard();
    if (!(error instanceof FileChanged)) throw error;
    await giveUp(upload.progress, courier, settings, false);
    await kept.remove();
    throw new CliError("refused", `${error.message}; run the command again to upload what it is now.`);
  }
}

/** Servers offer a reply to every client of a directory that has them; an empty one that nobody asked for is none. */
async function fetchReply(
  reply: ReplyDownload,
  replyUrl: string,
  wish: ReplyWish,
  tell: Tell,
): Promise<void> {
  const bytes = await reply.fetch(replyUrl);
  if (bytes > 0 || wish === "required") return tell({ event: "reply", path: reply.path, bytes });
  await rm(reply.path, { force: true });
}

/** The session's bytes are removed at the server, if it can be told; else its timeout removes them. */
async function giveUp(
  { sessionId, host }: Progress,
  courier: Courier,
  settings: UploadSettings,
  mustBeHeard: boolean,
): Promise<void> {
  if (sessionId === null) return;
  courier.useHost(host?.id ?? null);
  await cancel(sessionId, courier, settings, mustBeHeard);
  courier.useHost(null);
}

function isSame(one: FileIdentity, other: FileIdentity): boolean {
  return one.size === other.size && one.modified === other.modified && one.inode === other.inode;
}
