import { DatabaseSync, type StatementSync } from "node:sqlite";
import { SCHEMA } from "../../src/session/schema.ts";

type Binding = string | number | null | Uint8Array;
export type StoredRow = Record<string, unknown>;

/** A statement as it is run, and the tables without which it fails. */
interface Prepared {
  readonly statements: readonly StatementSync[];
  readonly needs: readonly string[];
  readonly changesTables: boolean;
  readonly isQuestion: boolean;
}

const CREATE = /^CREATE (?:TABLE|(?:UNIQUE )?INDEX) (\w+)(?: ON (\w+))?/;
const DROP = /^DROP TABLE (\w+)/;
const MENTIONED = /\b(?:FROM|INTO|UPDATE) (\w+)/g;

/**
 * SQLite in memory, in which a table that is made is a row. After a change of its schema SQLite prepares every statement
 * anew, which cost more than all the rest of a world. So every table is there from the start, and `made` says which of
 * them an object has: a rollback takes such a row back as any other, and a statement without its table fails.
 */
export class Database {
  /** Empty ones that were used before: to open one costs more than a small world. */
  static readonly #spare: Database[] = [];
  readonly #database = new DatabaseSync(":memory:");
  readonly #prepared = new Map<string, Prepared>();
  /** Changes with whatever may have changed a row. */
  version = 0;
  /** Null if nobody has looked since the last change. */
  #tables: ReadonlySet<string> | null = null;

  static take(): Database {
    return Database.#spare.pop() ?? new Database();
  }

  private constructor() {
    this.#database.exec("CREATE TABLE made (name TEXT PRIMARY KEY, of TEXT NOT NULL) WITHOUT ROWID");
    for (const statement of Object.values(SCHEMA)) this.#database.exec(statement);
  }

  /** Nobody uses it any more; no savepoint is left. */
  giveBack(): void {
    for (const table of this.tables) this.run(`DROP TABLE ${table}`);
    Database.#spare.push(this);
  }

  get tables(): ReadonlySet<string> {
    this.#tables ??= new Set(
      this.#rows("SELECT name FROM made WHERE name = of").map(({ name }) => String(name)),
    );
    return this.#tables;
  }

  run(text: string, bindings: readonly Binding[] = []): StoredRow[] {
    const { statements, needs, changesTables, isQuestion } = this.#prepare(text);
    for (const table of needs) if (!this.tables.has(table)) throw new Error(`no such table: ${table}`);
    if (!isQuestion) this.version += 1;
    if (changesTables) this.#tables = null;
    let rows: StoredRow[] = [];
    for (const statement of statements) rows = statement.all(...bindings);
    return rows;
  }

  #prepare(text: string): Prepared {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    const prepared = this.#translate(text);
    this.#prepared.set(text, prepared);
    return prepared;
  }

  #translate(text: string): Prepared {
    const [, created, on = created] = CREATE.exec(text) ?? [];
    if (created !== undefined && on !== undefined) {
      if (!Object.values<string>(SCHEMA).includes(text)) throw new Error(`not in the schema: ${text}`);
      const made = this.#database.prepare(`INSERT INTO made (name, of) VALUES ('${created}', '${on}')`);
      return {
        statements: [made],
        needs: on === created ? [] : [on],
        changesTables: true,
        isQuestion: false,
      };
    }
    const [, dropped] = DROP.exec(text) ?? [];
    if (dropped !== undefined) {
      const all = [`DELETE FROM ${dropped}`, `DELETE FROM made WHERE of = '${dropped}'`];
      const statements = all.map((one) => this.#database.prepare(one));
      return { statements, needs: [dropped], changesTables: true, isQuestion: false };
    }
    const statement = this.#database.prepare(text.replace("sqlite_master", "made"));
    const mentioned = [...text.matchAll(MENTIONED)].flatMap(([, table = ""]) =>
      table in SCHEMA ? [table] : [],
    );
    return {
      statements: [statement],
      needs: mentioned,
      changesTables: text.startsWith("ROLLBACK"),
      isQuestion: /^(?:SELECT|SAVEPOINT|RELEASE)/.test(text),
    };
  }

  #rows(text: string): StoredRow[] {
    return this.#prepare(text).statements.flatMap((statement) => statement.all());
  }
}
