import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { inject } from "vitest";
import type { SessionRecord } from "../../src/protocol/session-record.ts";
import { Conversation } from "./packets.ts";

/** What an object has in storage. */
export interface Stored {
  readonly record: SessionRecord | null;
  /** Names of tables. */
  readonly tables: string[];
  /** Bytes of the upload. */
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly alarm: number | null;
}

/**
 * A session as a released edge left it, in a new life of its object; test/fixtures/records/README.md.
 *
 * @param change what else is done to the SQL before it is stored
 */
export async function load(
  name: string,
  change: (sql: string) => string = (sql) => sql,
): Promise<Conversation> {
  const records = inject("records") as ReturnType<typeof inject<"records">> | undefined;
  if (records === undefined)
    throw new Error("STORED_SESSIONS of vitest.config.ts does not name this test file");
  const sql = change(records[name] ?? "");
  const [, alarm] = /^-- alarm: (\d+)$/m.exec(sql) ?? [];
  const { sessionId = "", destination = "" } = JSON.parse(/'(\{.*\})'/.exec(sql)?.[1] ?? "{}") as {
    sessionId?: string;
    destination?: string;
  };
  const conversation = new Conversation(destination);
  conversation.id = `{${sessionId}}`;
  await runInDurableObject(conversation.object, async (_, { storage }) => {
    await storage.deleteAll();
    storage.sql.exec(sql);
    await storage.setAlarm(Number(alarm));
  });
  await evictDurableObject(conversation.object);
  return conversation;
}

/** Everything that is stored of a session. */
export async function storedOf({ object }: Conversation): Promise<Stored> {
  return await runInDurableObject(object, async (_, { storage }) => {
    const { sql } = storage;
    const tables = sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .toArray()
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("_cf_"));
    const [row] = tables.includes("session")
      ? sql.exec<{ record: string }>("SELECT record FROM session").toArray()
      : [];
    const [sum] = tables.includes("fragments")
      ? sql.exec<{ length: number | null }>("SELECT sum(length(bytes)) AS length FROM fragments").toArray()
      : [];
    return {
      record: row === undefined ? null : (JSON.parse(row.record) as SessionRecord),
      tables,
      length: sum?.length ?? 0,
      alarm: await storage.getAlarm(),
    };
  });
}
