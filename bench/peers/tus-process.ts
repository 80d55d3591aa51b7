import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";
import { PromisingStore } from "./promising-store.ts";

/**
 * The other resumable upload server of this ecosystem: tus 1.0 with its store of files. As it is, it keeps the file where
 * it is (no commit to anyone) and leaves durability to the system (no `fsync`), both of which is less work than the
 * edge's. With the URL of an origin it makes the edge's promise: what it has acknowledged is on disk, and a finished file
 * is at the origin before the last PATCH is answered.
 */
const [, , parent = "", originUrl] = process.argv;
const folder = mkdtempSync(join(parent, "tus-"));
const server = new Server({
  path: "/tus",
  datastore:
    originUrl === undefined
      ? new FileStore({ directory: folder })
      : new PromisingStore({ directory: folder }, originUrl),
  relativeLocation: true,
});

const http = createServer((request, response) => {
  void server.handle(request, response);
});
http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  const port = typeof address === "object" ? address?.port : 0;
  process.on("message", () => process.send?.({ result: port }));
});
process.on("disconnect", () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
