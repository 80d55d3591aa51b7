import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { FileStore } from "@tus/file-store";

/** A store of files that promises what the edge promises: every PATCH is synced, a finished file is put at the origin. */
export class PromisingStore extends FileStore {
  readonly #originUrl: string;

  constructor(options: ConstructorParameters<typeof FileStore>[0], originUrl: string) {
    super(options);
    this.#originUrl = originUrl;
  }

  override async write(readable: Readable, id: string, offset: number): Promise<number> {
    const end = await super.write(readable, id, offset);
    const { size, storage } = await this.getUpload(id);
    const path = storage?.path ?? "";
    const file = await open(path, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    if (end === size) {
      await put(`${this.#originUrl}/${id}`, path, end);
      await this.remove(id);
    }
    return end;
  }
}

async function put(url: string, path: string, length: number): Promise<void> {
  const sent = request(url, { method: "PUT", headers: { "Content-Length": length } });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), sent);
  const [answer] = await answered;
  answer.resume();
  if (answer.statusCode !== 201) throw new Error(`the origin answered ${answer.statusCode}`);
}
