import { type SessionId, sessionIdToBytes } from "../protocol/session-id.ts";

/**
 * Where a session lives and is counted. The session id carries the place, so that every packet finds it again, even if the
 * configuration has changed.
 */
export interface SessionPlace {
  /** 0: an object of its own. 1 to 255: the object of this number, with other sessions. */
  readonly object: number;
  /** 0 to 255: which of its directory's counters counts the session; null if its own object does, or nobody. */
  readonly counter: number | null;
}

/** Bytes of the session id (session-ticket.ts). */
export const COUNTER_BYTE = 4;
export const OBJECT_BYTE = 5;
/** Objects among which the index of sessions is divided. */
export const INDEX_PARTS = 64;
/** Objects that count a directory's sessions; all sessions of a client are counted by one of them. */
const COUNTERS = 256;

/**
 * Chooses the place of a new session.
 *
 * @param objects how many objects share the sessions; 0 if each session has its own
 * @param client the address of a client whose sessions are counted, and so live in one object; null if nobody counts
 *   them, and any object will do
 */
export async function choosePlace(objects: number, client: string | null): Promise<SessionPlace> {
  if (client === null) return { object: objects === 0 ? 0 : 1 + (randomWord() % objects), counter: null };
  const hash = await hashOf(client);
  return objects === 0
    ? { object: 0, counter: hash % COUNTERS }
    : { object: 1 + (hash % objects), counter: null };
}

/** The name of the object in which a session lives. */
export function objectNameOf(sessionId: SessionId): string {
  const object = objectOf(sessionId);
  return object === 0 ? sessionId : sharedObjectName(object);
}

/** The name of the part of the index that lists this session, which has an object of its own. Its signature spreads evenly. */
export function indexNameOf(sessionId: SessionId): string {
  return indexName((sessionIdToBytes(sessionId).at(-1) ?? 0) % INDEX_PARTS);
}

/** The name of a part of the index, 0 to `INDEX_PARTS` - 1. */
export function indexName(part: number): string {
  return `index-${part}`;
}

/** The object of the counters' class that adds up the metrics of all isolates. */
export const METRICS_OBJECT = "metrics";

/** The name of a shared object, 1 to 255. */
export function sharedObjectName(object: number): string {
  return `sessions-${object}`;
}

/** Whether the session lives in an object with others, which counts the sessions of its clients itself. */
export function isInSharedObject(sessionId: SessionId): boolean {
  return objectOf(sessionId) !== 0;
}

/** The object that counts this session, if it is counted and has an object of its own. */
export function counterNameOf(directoryPath: string, sessionId: SessionId): string {
  return `${directoryPath} ${sessionIdToBytes(sessionId)[COUNTER_BYTE] ?? 0}`;
}

function objectOf(sessionId: SessionId): number {
  return sessionIdToBytes(sessionId)[OBJECT_BYTE] ?? 0;
}

function randomWord(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

async function hashOf(text: string): Promise<number> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new DataView(digest).getUint32(0);
}
