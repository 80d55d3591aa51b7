import { once } from "node:events";
import { rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../terminal/cli-error.ts";

/** A socket's path may have 104 bytes on macOS and 108 on Linux, the end included. */
const PATH_BYTES = 100;

/**
 * Holds an upload for this process alone, by listening on a socket in the state folder: the system lets go of it when
 * the process ends in whatever way, and a number of a process that was is never mistaken for one that is.
 *
 * @returns what lets it go
 * @throws CliError where another process has it
 */
export async function holdAlone(folder: string, key: string, file: string): Promise<() => Promise<void>> {
  const inFolder = join(folder, `${key}.lock`);
  const path = Buffer.byteLength(inFolder) <= PATH_BYTES ? inFolder : join(tmpdir(), `bits-edge-${key}.lock`);
  for (let tries = 0; tries < 3; tries += 1) {
    const server = await listen(path);
    if (server !== null) {
      return async () => {
        server.close();
        await rm(path, { force: true });
      };
    }
    if (await answers(path)) break;
    // Left behind by a process that was killed.
    await rm(path, { force: true });
  }
  throw new CliError("later", `Another bits-edge is uploading ${file} there already.`);
}

/** Null where the path is taken. */
async function listen(path: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  server.listen(path);
  try {
    await once(server, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "EADDRINUSE") return null;
    throw new CliError("usage", `${path} cannot be made (${code}); --state names another folder.`);
  }
  server.unref();
  return server;
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
