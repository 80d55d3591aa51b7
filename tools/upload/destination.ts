import { basename } from "node:path";
import { CliError } from "../terminal/cli-error.ts";

/** BG_FILE_INFO: Windows takes no longer URL. */
const URL_CHARACTERS = 2200;

/** A file and the URL that it goes to. */
export interface Destination {
  readonly path: string;
  readonly url: URL;
}

/**
 * Files and the last argument → where each goes. A URL that ends with a slash is a folder, and gets the file's name;
 * several files need one.
 *
 * @throws CliError where the URL is none, or two files would have the same one
 */
export function destinationsOf(paths: readonly string[], target: string): Destination[] {
  const url = URL.parse(target);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError(
      "usage",
      `The last argument is the URL to upload to, http or https, such as https://bits.example.com/uploads/; it is ${target}.`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new CliError(
      "usage",
      "Leave credentials out of the URL, where everyone sees them; --user has them.",
    );
  }
  url.hash = "";
  const isFolder = url.pathname.endsWith("/");
  if (!isFolder && paths.length > 1) {
    throw new CliError("usage", "Several files go to a folder: end the URL with a slash.");
  }
  const destinations = paths.map((path) => ({ path, url: isFolder ? within(url, basename(path)) : url }));
  const seen = new Map<string, string>();
  for (const { path, url: at } of destinations) {
    const other = seen.get(at.href);
    if (other !== undefined) throw new CliError("usage", `${other} and ${path} would both go to ${at.href}.`);
    seen.set(at.href, path);
    if (at.href.length > URL_CHARACTERS) {
      throw new CliError("usage", `The URL for ${path} has more than ${URL_CHARACTERS} characters.`);
    }
  }
  return destinations;
}

function within(folder: URL, name: string): URL {
  const url = new URL(folder);
  url.pathname += encodeURIComponent(name);
  return url;
}
