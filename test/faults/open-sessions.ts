import { createHash } from "node:crypto";
import { cancelSession, createSession, SESSION_NOT_FOUND } from "../support/bits-client.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { type Bench, Upload } from "./bench.ts";

/** More would only wait for the disk, which confirms one write after another. */
const CONNECTIONS = 100;
const ENTITY_BYTES = 3_000;
/** Of the one Fragment that each session has sent. */
const SENT_BYTES = 2_000;

/** What became of the sessions of a crowd that were looked at. */
export interface Fate {
  readonly looked: number;
  /** Sentences about those that were not as they have to be. */
  readonly wrong: readonly string[];
}

/** Opens `count` sessions, each with one Fragment at the edge and another still to come. */
export async function openSessions(bench: Bench, count: number): Promise<Upload[]> {
  const uploads: Upload[] = [];
  const destinations = Array.from({ length: count }, () => bench.destination());
  await overConnections(bench, destinations, async (destination, connection) => {
    const { sessionId = "" } = await createSession(connection, destination);
    const bytes = createHash("shake256", { outputLength: ENTITY_BYTES }).update(destination).digest();
    const upload = new Upload(bench, { destination, sessionId, bytes });
    const { status, receivedContentRange } = await upload.send(0, SENT_BYTES, { connection });
    if (status !== 200 || receivedContentRange !== SENT_BYTES)
      throw new Error(`${destination}: the Fragment was answered ${status} and ${receivedContentRange}`);
    uploads.push(upload);
  });
  return uploads;
}

/** Sends what is missing, closes, and compares what the application has. */
export async function finishSessions(bench: Bench, uploads: readonly Upload[]): Promise<Fate> {
  return await lookAt(bench, uploads, async (upload, connection) => {
    const sent = await upload.send(SENT_BYTES, ENTITY_BYTES, { connection });
    const closed = await upload.close(connection);
    const published = await bench.published(upload.destination);
    const isRight = published?.equals(upload.bytes) === true;
    const statuses = `${sent.status} and ${closed.status}`;
    return statuses === "200 and 200" && isRight ? null : `finished with ${statuses}, equal: ${isRight}`;
  });
}

/** Cancels, and sees that the session is unknown then and its file nowhere. */
export async function cancelSessions(bench: Bench, uploads: readonly Upload[]): Promise<Fate> {
  return await lookAt(bench, uploads, async (upload, connection) => {
    const { status } = await cancelSession(connection, upload.destination, upload.sessionId);
    const { errorCode } = await upload.send(SENT_BYTES, ENTITY_BYTES, { connection });
    const isGone =
      errorCode === SESSION_NOT_FOUND && (await bench.published(upload.destination)) === undefined;
    return status === 200 && isGone ? null : `cancelled with ${status}, gone: ${isGone}`;
  });
}

/** Sees that sessions which nobody has touched stand where they stood. */
export async function findSessions(bench: Bench, uploads: readonly Upload[]): Promise<Fate> {
  return await lookAt(bench, uploads, async (upload, connection) => {
    // Beyond the offset: a Fragment that is refused says where it is, and stores nothing.
    const ack = await upload.send(ENTITY_BYTES - 1, ENTITY_BYTES, { connection });
    const found = `${ack.status} at ${ack.receivedContentRange}`;
    return found === `416 at ${SENT_BYTES}` ? null : `found with ${found}`;
  });
}

async function lookAt(
  bench: Bench,
  uploads: readonly Upload[],
  look: (upload: Upload, connection: RawConnection) => Promise<string | null>,
): Promise<Fate> {
  const wrong: string[] = [];
  await overConnections(bench, uploads, async (upload, connection) => {
    const problem = await look(upload, connection);
    if (problem !== null) wrong.push(`${upload.destination}: ${problem}`);
  });
  return { looked: uploads.length, wrong };
}

async function overConnections<T>(
  bench: Bench,
  items: readonly T[],
  work: (item: T, connection: RawConnection) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const serve = async (): Promise<void> => {
    using connection = await bench.open();
    for (const item of queue) await work(item, connection);
  };
  await Promise.all(Array.from({ length: Math.min(CONNECTIONS, items.length) }, serve));
}
