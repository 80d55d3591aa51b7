import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { BigIntStats } from "node:fs";
import { CliError } from "../terminal/cli-error.ts";

/** What tells a file from what it was when its upload began. */
export interface FileIdentity {
  readonly size: number;
  /** Nanoseconds since 1970, and the inode, as decimal text: neither fits a number. */
  readonly modified: string;
  readonly inode: string;
}

/** The file was written to while it was being uploaded: half of the old and half of the new is nobody's file. */
export class FileChanged extends Error {
  override readonly name = "FileChanged";
}

const CHUNK_BYTES = 256 * 1024;

/** A file that is being uploaded, open as long as that takes. */
export class LocalFile {
  readonly path: string;
  readonly name: string;
  readonly identity: FileIdentity;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, identity: FileIdentity) {
    this.path = path;
    this.name = basename(path);
    this.identity = identity;
    this.#handle = handle;
  }

  /**
   * Opens a regular file.
   *
   * @throws CliError where it cannot be read, or is a folder or a pipe, which have no size
   */
  static async open(path: string): Promise<LocalFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, "r");
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new CliError(
        "refused",
        code === "ENOENT" ? `There is no file ${path}.` : `${path} cannot be read (${code}).`,
      );
    }
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile() || stats.size > BigInt(Number.MAX_SAFE_INTEGER)) {
      await handle.close();
      throw new CliError(
        "refused",
        `${path} is no regular file, so nobody can tell how much there is to upload.`,
      );
    }
    return new LocalFile(path, handle, identityOf(stats));
  }

  /**
   * Bytes from `first`, `length` of them. A chunk's memory is not used again.
   *
   * @throws FileChanged where the file is not what it was
   */
  async *read(first: number, length: number): AsyncGenerator<Uint8Array> {
    const end = first + length;
    for (let at = first; at < end;) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, at);
      // Looked at before the bytes leave: those that were read after a change are not sent as the old file's.
      await this.mustBeUnchanged();
      if (bytesRead === 0) throw new FileChanged(`${this.path} has become shorter`);
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  /** @throws FileChanged where someone has written to it */
  async mustBeUnchanged(): Promise<void> {
    const now = identityOf(await this.#handle.stat({ bigint: true }));
    if (now.size === this.identity.size && now.modified === this.identity.modified) return;
    throw new FileChanged(`${this.path} was changed while it was being uploaded`);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function identityOf(stats: BigIntStats): FileIdentity {
  return { size: Number(stats.size), modified: String(stats.mtimeNs), inode: String(stats.ino) };
}
