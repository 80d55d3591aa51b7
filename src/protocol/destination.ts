import { type Fault, FAULTS } from "./faults.ts";

/** Where a directory's sessions show their data, as IIS did ([MC-BUP] 4.2); nothing can be uploaded there. */
export const DATA_FOLDER = "BITS-Sessions";

/** Names that Windows gives to devices, in every folder and before every extension ("Naming Files, Paths, and Namespaces"). */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)$/i;
/**
 * Separators, stream and wildcard characters are never part of a Windows file name; `hasControl` looks for the others.
 */
const FORBIDDEN = /["*/:<>?\\|]/;
const DELETE = "\u007f";
/**
 * The short name that Windows gives to a long one: `SECRET~1`, `WEB~1.CON`. A short name is a second name of another file,
 * and that file may have rules of its own.
 */
const SHORT_NAME = /^(?=[^.]{2,8}(?:\.|$))[^.~]{1,6}~\d{1,6}(?:\.[^.]{0,3})?$/;

/**
 * Says whether a path can be the destination of an upload: it names a file, and it names the file in one way only. Two
 * spellings of one file would get two answers to "does it exist?". A name that Windows reads as something else (a
 * device, a stream, a parent folder) would leave the upload directory.
 *
 * @param path of the request's URL, percent-encoded, without its query
 * @param directoryPath the upload directory's, with a slash at both ends
 * @returns 400 + E_INVALIDARG ([MC-BUP] 2.2.1.2, "destination URL is a directory"; 3.2.5.2.3), or null
 */
export function refuseDestination(path: string, directoryPath = "/"): Fault | null {
  const segments = segmentsBelow(path, directoryPath);
  if (segments.at(-1) === undefined || path.endsWith("/")) return FAULTS.destinationIsDirectory;
  if (segments[0]?.toLowerCase() === DATA_FOLDER.toLowerCase()) return FAULTS.destinationMalformed;
  return segments.every((segment) => segment !== null && isFileName(segment))
    ? null
    : FAULTS.destinationMalformed;
}

/**
 * The names of a path below an upload directory, decoded: folders, and the file last. None for the directory itself,
 * with its slash or without. Null for a name that cannot be decoded.
 */
export function segmentsBelow(path: string, directoryPath: string): (string | null)[] {
  return path
    .split("/")
    .slice(directoryPath.split("/").length - 1)
    .map(decode);
}

function isFileName(name: string): boolean {
  if (name === "" || FORBIDDEN.test(name) || hasControl(name) || /[. ]$/.test(name)) return false;
  return !isDevice(name) && !SHORT_NAME.test(name);
}

/** The device is the part before the first dot, without the spaces at its end: `con .txt`, but not `Con Edison bill.pdf`. */
function isDevice(name: string): boolean {
  const [beforeDot = ""] = name.split(".");
  return DEVICE.test(beforeDot.replace(/ +$/, ""));
}

function hasControl(name: string): boolean {
  return Array.from(name).some((letter) => letter < " " || letter === DELETE);
}

/** Old clients send names in a code page of their own: a name that is no UTF-8 is read byte by byte. */
function decode(segment: string): string | null {
  if (/%(?![0-9a-f]{2})/i.test(segment)) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}
