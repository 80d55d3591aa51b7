import { type Conversion, nothing, type Properties, type Setting } from "./conversion.ts";
import { convertHandover } from "./convert-handover.ts";
import { convertHostId } from "./convert-host-id.ts";
import {
  convertMaximumSize,
  convertOverwrites,
  convertSessionsLimit,
  convertSessionTimeout,
} from "./convert-limits.ts";
import { convertNotification } from "./convert-notification.ts";
import type { Directory } from "./find-directories.ts";
import { bitsPropertyOf } from "./iis-configuration.ts";
import { quote } from "./quote.ts";

/** A block of wrangler.toml; without settings where the edge can not serve the path. */
export interface Block extends Conversion {
  readonly path: string;
}

/** The letters that the edge serves in a directory's path; src/config/config.ts asks for the same. */
const SERVED_PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]+\/)*$/;

const NO_CLEANUP_TASK =
  "no cleanup task runs, each session removes itself when session_timeout_seconds are over.";

/** Properties without a setting of ours → why. */
const NO_COUNTERPART: ReadonlyMap<string, string> = new Map([
  ["BITSCleanupUseDefault", NO_CLEANUP_TASK],
  ["BITSCleanupCount", NO_CLEANUP_TASK],
  ["BITSCleanupUnits", NO_CLEANUP_TASK],
  ["BITSSessionDirectory", "sessions live in Durable Objects, not in a folder of the web server."],
  ["BITSCleanupWorkItemKey", "it belongs to IIS's scheduled cleanup task, and no such task runs."],
  ["BITSUploadMetadataVersion", "it is IIS's own bookkeeping."],
]);

/**
 * A directory of IIS → a block of wrangler.toml.
 *
 * @param originUrl what replaces the IIS machine's name for itself in notification URLs; null to keep it
 * @param keepsBits whether the uploads go to the BITS server extension that the origin keeps
 */
export function convertDirectory(
  { path, enabled, properties, notes }: Directory,
  originUrl: string | null,
  keepsBits: boolean,
): Block {
  if (!SERVED_PATH.test(path)) {
    const letters = "only letters, digits and ._~!$&'()*+,;=:@- in a directory's path";
    return { path, ...nothing(`The directory is not carried over: the edge serves ${letters}.`) };
  }
  const notification = !keepsBits
    ? convertNotification(properties, originUrl)
    : { ...(enabled ? convertHandover(properties) : nothing()), isWhole: true };
  const parts = [
    notification,
    convertOverwrites(properties),
    enabled || properties.has("BITSMaximumUploadSize") ? convertMaximumSize(properties) : nothing(),
    convertSessionTimeout(properties),
    keepsBits ? nothing() : convertHostId(properties),
    convertSessionsLimit(properties),
    nothing(...withoutCounterpart(properties)),
  ];
  const off: readonly Setting[] = enabled && notification.isWhole ? [] : [["enabled", false]];
  return {
    path,
    settings: [["path", path], ...off, ...parts.flatMap((part) => part.settings)],
    notes: [...notes, ...parts.flatMap((part) => part.notes)],
  };
}

function withoutCounterpart(properties: Properties): string[] {
  return [...properties].flatMap(([name, value]) => {
    if (bitsPropertyOf(name) === null) {
      return [
        `${quote(name)} = ${quote(value)} is not carried over: this importer does not know the property.`,
      ];
    }
    const why = NO_COUNTERPART.get(name);
    return why === undefined ? [] : [`${name} = ${quote(value)} is not carried over: ${why}`];
  });
}
