import { type Fault, FAULTS } from "./faults.ts";

/** Where a directory's sessions show their data, as IIS did ([MC-BUP] 4.2); nothing can be uploaded there. */
export const DATA_FOLDER = "BITS-Sessions";

/** Names that Windows gives to devices in every folder, with or without an extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:[. ].*)?$/i;
/** Never part of a Windows file name: separators, stream and wildcard characters; controls are looked for beside. */
const FORBIDDEN = /["*/:<>?\\|]/;
const DELETE = "\u007f";

/**
 * Whether a path can be the destination of an upload: it names a file, and names it in one way only.
 * Two spellings of one file would be two answers to "does it exist?", and a name that Windows reads as
 * something else (a device, a stream, a parent folder) would leave the upload directory.
 *
 * @param path of the request's URL, percent-encoded, without its query
 * @param directoryPath the upload directory's, with the folder of session data that is not to be written
 * @returns 400 + E_INVALIDARG ([MC-BUP] 2.2.1.2, "destination URL is a directory"; 3.2.5.2.3), or null
 */
export function refuseDestination(path: string, directoryPath = "/"): Fault | null {
  // By segments and not by letters: `/a%26b/` is the directory `/a&b/` in another spelling.
  const [folder = "", ...others] = path.split("/").slice(directoryPath.split("/").length - 1);
  if (folder.toLowerCase() === DATA_FOLDER.toLowerCase()) return FAULTS.destinationMalformed;
  const isDirectory = folder === "" && others.length === 0;
  if (isDirectory || path.endsWith("/")) return FAULTS.destinationIsDirectory;
  return path.slice(1).split("/").every(isFileName) ? null : FAULTS.destinationMalformed;
}

function isFileName(segment: string): boolean {
  const name = decode(segment);
  return (
    name !== null &&
    name !== "" &&
    !FORBIDDEN.test(name) &&
    !hasControl(name) &&
    !/[. ]$/.test(name) &&
    !DEVICE.test(name)
  );
}

function hasControl(name: string): boolean {
  return Array.from(name).some((letter) => letter < " " || letter === DELETE);
}

/** Old clients send names in their own code page: what is no UTF-8 is looked at byte by byte. */
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
