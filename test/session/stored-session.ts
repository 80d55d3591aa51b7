import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, inject } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import type { SessionRecord } from "../../src/protocol/session-record.ts";
import { issueTicket } from "../../src/signed/session-ticket.ts";
import { Conversation, nameOf } from "./packets.ts";

/** What an object has in storage of one session. */
export interface Stored {
  readonly record: SessionRecord | null;
  /** When it is due, milliseconds since 1970; null if there is no session. */
  readonly due: number | null;
  /** Bytes of the upload. */
  readonly length: number;
  readonly replyLength: number;
}

/** Whether the sessions of these tests share an object, or have one each. */
export const IS_SHARED = readConfig(env).sessionObjects > 0;

const KEY = "(SELECT key FROM sessions WHERE id = ?)";
/** The key of the first row of a session's bytes, if the session's own key is 1, as in the fixtures. */
const FIRST_ID = 2 ** 40;
const INDEXES = [
  "CREATE UNIQUE INDEX IF NOT EXISTS sessions_by_id ON sessions (id)",
  "CREATE INDEX IF NOT EXISTS sessions_by_due ON sessions (due)",
];

/**
 * A session as a released edge left it, in a new life of its object; test/fixtures/records/README.md. In an object that
 * sessions share it is another each time, with an id and a key of its own.
 *
 * @param change what else is done to the SQL before it is stored
 */
export async function load(
  name: string,
  change: (sql: string) => string = (sql) => sql,
): Promise<Conversation> {
  const records = inject("records") as ReturnType<typeof inject<"records">> | undefined;
  if (records === undefined)
    throw new Error("STORED_SESSIONS of test/projects.ts does not name this test file");
  const sql = change(records[name] ?? "");
  const alarm = Number(/^-- alarm: (\d+)$/m.exec(sql)?.[1]);
  const [, json = ""] = /'(\{.*\})'/.exec(sql) ?? [];
  const { sessionId, issuedAt, destination } = JSON.parse(json) as SessionRecord;
  const conversation = new Conversation(destination);
  conversation.id = `{${IS_SHARED ? await issueShared(destination, issuedAt) : sessionId}}`;
  await runInDurableObject(conversation.object, async (_, { storage }) => {
    if (!IS_SHARED) await storage.deleteAll();
    const key = IS_SHARED ? nextKey(storage.sql) : 1;
    const statements = sql.replaceAll(sessionId, nameOf(conversation)).trim().split(/;\n/);
    for (const statement of statements) storage.sql.exec(moveTo(key, statement));
    if (IS_SHARED) for (const statement of INDEXES) storage.sql.exec(statement);
    await storage.setAlarm(Math.min(alarm, (await storage.getAlarm()) ?? alarm));
  });
  await evictDurableObject(conversation.object);
  return conversation;
}

/** What is stored of a session. */
export async function storedOf(conversation: Conversation): Promise<Stored> {
  const raw = await rawOf(conversation);
  const record = typeof raw.record === "string" ? (JSON.parse(raw.record) as SessionRecord) : null;
  return { ...raw, record };
}

/** The same, whatever is in place of the record. */
export async function rawOf(
  conversation: Conversation,
): Promise<Omit<Stored, "record"> & { readonly record: SqlStorageValue }> {
  const name = nameOf(conversation);
  return await runInDurableObject(conversation.object, (_, { storage: { sql } }) => {
    const nothing = { record: null, due: null, length: 0, replyLength: 0 };
    if (!tablesOf(sql).includes("sessions")) return nothing;
    const [row] = sql
      .exec<{ record: SqlStorageValue; due: number }>("SELECT record, due FROM sessions WHERE id = ?", name)
      .toArray();
    if (row === undefined) return nothing;
    const [length = 0, replyLength = 0] = ["fragments", "replies"].map((table) =>
      rowsOf(sql, table, name).reduce((sum, { length: bytes }) => sum + bytes, 0),
    );
    return { ...row, length, replyLength };
  });
}

/** The pieces of an upload, as rows. */
export async function piecesOf(conversation: Conversation): Promise<{ offset: number; length: number }[]> {
  return await runInDurableObject(conversation.object, (_, { storage: { sql } }) =>
    rowsOf(sql, "fragments", nameOf(conversation)),
  );
}

/** How many bytes of Fragments wait in the session's object to be checked, of all its sessions. */
export async function stagedBytesAt({ object }: Conversation): Promise<number> {
  return await runInDurableObject(object, (_, { storage: { sql } }) => {
    if (!tablesOf(sql).includes("staged")) return 0;
    const { length } = sql
      .exec<{ length: number | null }>("SELECT sum(length(bytes)) AS length FROM staged")
      .one();
    return length ?? 0;
  });
}

/** When the object's alarm rings, milliseconds since 1970. */
export async function alarmOf({ object }: Conversation): Promise<number | null> {
  return await runInDurableObject(object, async (_, { storage }) => await storage.getAlarm());
}

/** Nothing of the session is stored, and no bytes that are nobody's; if it had the object to itself, nothing at all. */
export async function expectGone(conversation: Conversation): Promise<void> {
  expect(await storedOf(conversation)).toEqual({ record: null, due: null, length: 0, replyLength: 0 });
  await expectNoStrayBytes(conversation);
  if (IS_SHARED) return;
  const left = await runInDurableObject(conversation.object, async (_, { storage }) => [
    tablesOf(storage.sql),
    await storage.getAlarm(),
  ]);
  expect(left).toEqual([[], null]);
}

/** Every row of bytes belongs to a session that is there. */
export async function expectNoStrayBytes({ object }: Conversation): Promise<void> {
  const strays = await runInDurableObject(object, (_, { storage: { sql } }) =>
    tablesOf(sql)
      .filter((table) => table === "fragments" || table === "replies")
      .flatMap((table) =>
        sql.exec(`SELECT id >> 40 FROM ${table} WHERE id >> 40 NOT IN (SELECT key FROM sessions)`).toArray(),
      ),
  );
  expect(strays).toEqual([]);
}

/** Overwrites the record, by an SQL expression of what it is. The object goes on with what it has in memory. */
export async function setRecord(conversation: Conversation, expression: string): Promise<void> {
  await runInDurableObject(conversation.object, (_, { storage }) => {
    storage.sql.exec(`UPDATE sessions SET record = ${expression} WHERE id = ?`, nameOf(conversation));
  });
}

/** Has the session looked after by the next alarm. */
export async function makeDue(conversation: Conversation): Promise<void> {
  await runInDurableObject(conversation.object, (_, { storage }) => {
    storage.sql.exec("UPDATE sessions SET due = 0 WHERE id = ?", nameOf(conversation));
  });
}

/** What a crash leaves: a record in "committing" with nobody to run it, and due. */
export async function orphan(conversation: Conversation): Promise<void> {
  const commit = `json('{"id":"the-key","attempts":1,"unknown":false,"fault":null}')`;
  await setRecord(conversation, `json_set(record, '$.state', 'committing', '$.commit', ${commit})`);
  await makeDue(conversation);
  await evictDurableObject(conversation.object);
}

/** Stores a piece of an upload without the object's knowledge. */
export async function storePiece(
  conversation: Conversation,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  await runInDurableObject(conversation.object, (_, { storage }) => {
    storage.sql.exec(
      `INSERT INTO fragments (id, received_at, bytes) VALUES ((${KEY} << 40) | ?, ?, ?)`,
      nameOf(conversation),
      offset,
      Date.now(),
      bytes,
    );
  });
}

function rowsOf(sql: SqlStorage, table: string, name: string): { offset: number; length: number }[] {
  if (!tablesOf(sql).includes(table)) return [];
  return sql
    .exec<{ offset: number; length: number }>(
      `SELECT id - (${KEY} << 40) AS offset, length(bytes) AS length FROM ${table} WHERE id >> 40 = ${KEY} ORDER BY id`,
      name,
      name,
    )
    .toArray();
}

function tablesOf(sql: SqlStorage): string[] {
  return sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .toArray()
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("_cf_"));
}

async function issueShared(destination: string, issuedAt: number): Promise<string> {
  const [key = ""] = readConfig(env).sessionKeys;
  return (await issueTicket(key, destination, issuedAt, { object: 1, counter: null })).sessionId;
}

function nextKey(sql: SqlStorage): number {
  if (!tablesOf(sql).includes("sessions")) return 1;
  const { key } = sql.exec<{ key: number | null }>("SELECT max(key) AS key FROM sessions").one();
  return (key ?? 0) + 1;
}

/** A fixture's statement, for a session whose key is not 1. */
function moveTo(key: number, statement: string): string {
  return statement
    .replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ")
    .replace("VALUES (1, '", `VALUES (${key}, '`)
    .replace(
      /VALUES \((10995116277\d\d),/,
      (_, id: string) => `VALUES ((${key} << 40) | ${Number(id) - FIRST_ID},`,
    );
}
