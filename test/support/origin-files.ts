import { createReadStream, type ReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

/** The legacy origin's folder: whole files only, in place by rename. */
export class OriginFiles {
  readonly folder: string;
  #uploads = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Where the file of this URL path is or would be; undefined for a path that leaves the folder. */
  pathOf(urlPath: string): string | undefined {
    let decoded: string;
    try {
      decoded = decodeURIComponent(urlPath.split("?")[0] ?? "");
    } catch {
      return undefined;
    }
    const path = join(this.folder, "files", decoded);
    return path.startsWith(join(this.folder, "files") + sep) && !decoded.includes("\0") ? path : undefined;
  }

  /** Size of the file of this URL path; undefined when there is none. */
  async sizeOf(urlPath: string): Promise<number | undefined> {
    const path = this.pathOf(urlPath);
    const found = path === undefined ? undefined : await stat(path).catch(() => {});
    return found?.isFile() === true ? found.size : undefined;
  }

  /** URL paths of all files, sorted. */
  async list(): Promise<string[]> {
    const root = join(this.folder, "files");
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => `/${relative(root, join(entry.parentPath, entry.name)).split(sep).join("/")}`)
      .toSorted();
  }

  /** `last` is inclusive, as in a Range header. */
  read(path: string, first: number, last: number): ReadStream {
    return createReadStream(path, { start: first, end: last });
  }

  /** A place for bytes that are not yet a file. */
  async begin(path: string): Promise<IncomingFile> {
    const incoming = join(this.folder, "incoming");
    await mkdir(incoming, { recursive: true });
    const temporary = join(incoming, String(this.#uploads++));
    return new IncomingFile(await open(temporary, "wx"), temporary, path);
  }
}

/** A file on its way in: nobody sees it before {@link IncomingFile.keep}. */
export class IncomingFile {
  readonly #handle: FileHandle;
  readonly #temporary: string;
  readonly #path: string;

  constructor(handle: FileHandle, temporary: string, path: string) {
    this.#handle = handle;
    this.#temporary = temporary;
    this.#path = path;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#handle.writev([chunk]);
  }

  /** Puts the file in its place, with the folders above it. */
  async keep(): Promise<void> {
    await this.#handle.close();
    await mkdir(dirname(this.#path), { recursive: true });
    await rename(this.#temporary, this.#path);
  }

  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(this.#temporary, { force: true });
  }
}
