const BYTES = "(id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, bytes BLOB NOT NULL)";
/** What an object may store, made when it is first needed; docs/storage-schema.md has the meaning. */
export const SCHEMA = {
  sessions:
    "CREATE TABLE sessions (key INTEGER PRIMARY KEY, id TEXT NOT NULL, due INTEGER NOT NULL, record TEXT)",
  fragments: `CREATE TABLE fragments ${BYTES}`,
  replies: `CREATE TABLE replies ${BYTES}`,
  staged: `CREATE TABLE staged ${BYTES}`,
  open: "CREATE TABLE open (session TEXT PRIMARY KEY, directory TEXT NOT NULL, client TEXT NOT NULL, until INTEGER NOT NULL)",
  listed:
    "CREATE TABLE listed (session TEXT PRIMARY KEY, changed INTEGER NOT NULL, state TEXT NOT NULL, directory TEXT, client TEXT, destination TEXT, total INTEGER, offset INTEGER NOT NULL, attempts INTEGER NOT NULL, outcome TEXT, until INTEGER, whole INTEGER) WITHOUT ROWID",
  listed_by_changed: "CREATE INDEX listed_by_changed ON listed (changed, session)",
  listed_by_state: "CREATE INDEX listed_by_state ON listed (state, changed, session)",
  listed_by_client: "CREATE INDEX listed_by_client ON listed (client, changed, session)",
  listed_by_whole: "CREATE INDEX listed_by_whole ON listed (whole) WHERE whole IS NOT NULL",
  tallies:
    "CREATE TABLE tallies (at INTEGER PRIMARY KEY, committed INTEGER NOT NULL, failed INTEGER NOT NULL, bytes INTEGER NOT NULL)",
  moved:
    "CREATE TABLE moved (name TEXT PRIMARY KEY, key INTEGER, bytes INTEGER NOT NULL, segment_bytes INTEGER NOT NULL) WITHOUT ROWID",
  segment_of: "CREATE TABLE segment_of (session TEXT NOT NULL, name TEXT NOT NULL)",
  sessions_by_id: "CREATE UNIQUE INDEX sessions_by_id ON sessions (id)",
  sessions_by_due: "CREATE INDEX sessions_by_due ON sessions (due)",
} as const;

/** What an object can have. */
export type TableName = keyof typeof SCHEMA;
/** Tables whose rows hold clients' bytes. */
export type ByteTable = "fragments" | "replies" | "staged";
