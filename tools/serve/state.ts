import { randomBytes } from "node:crypto";
import { access, constants, mkdir, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, ServeError } from "./serve-error.ts";

/**
 * Makes the folder of the sessions where there is none.
 *
 * @throws ServeError where nothing can be written there
 */
export async function ensureState(folder: string): Promise<void> {
  try {
    // Uploads of other people: nobody else on this machine is to read them.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ServeError(
      `The state folder ${folder} cannot be written (${errorCode(error) ?? String(error)}); ` +
        "choose another with --state, or give this user the right to write there.",
    );
  }
}

/** Where workerd keeps the objects of sessions: the unique key of their namespace in edge.capnp. */
const OBJECTS = "bits-edge-UploadSession";

/**
 * Sees that the folder's sessions are of the kind that is to be served: workerd starts on the copies of a cluster as if they
 * were an edge's own, and has no way to bring an edge's own into a cluster.
 *
 * @throws ServeError where they are of the other kind
 */
export async function checkSessions(folder: string, isCluster: boolean): Promise<void> {
  let names: string[];
  try {
    names = await readdir(join(folder, OBJECTS));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  // workerd's own mark (1.20261117.1).
  const isOfCluster = names.includes(".cluster");
  if (isOfCluster && !isCluster) {
    throw new ServeError(
      `The state folder ${folder} has sessions of a cluster, and they are in its bucket: start with --cluster, ` +
        "or choose another folder with --state.",
    );
  }
  const hasSessions = names.some((name) => !name.startsWith("metadata.sqlite"));
  if (!isOfCluster && isCluster && hasSessions) {
    throw new ServeError(
      `The state folder ${folder} has sessions from before the cluster, which cannot be taken into it: let an edge ` +
        "without --cluster bring them to their end, or choose another folder with --state.",
    );
  }
}

/**
 * The key that signs session ids, made once and kept: with another one every running upload would have to
 * begin again.
 *
 * @param makes whether one is made where there is none; otherwise it is one that signs nothing
 * @throws ServeError where the file cannot be read, or holds no key
 */
export async function sessionKey(folder: string, makes = true): Promise<string> {
  const path = join(folder, "session-key");
  if (makes) await makeKey(path);
  let key: string;
  try {
    key = (await readFile(path, "utf8")).trim();
  } catch (error) {
    if (!makes && errorCode(error) === "ENOENT") return newKey();
    throw unreadable(path, error);
  }
  if (key.length >= 32) return key;
  throw new ServeError(
    `${path} holds no key of 32 characters or more; remove it, and a new one will be made.`,
  );
}

async function makeKey(path: string): Promise<void> {
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.write(`${newKey()}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw unreadable(path, error);
  }
}

function newKey(): string {
  return randomBytes(32).toString("base64url");
}

function unreadable(path: string, error: unknown): ServeError {
  return new ServeError(
    `The session key ${path} cannot be read or made (${errorCode(error) ?? String(error)}).`,
  );
}
