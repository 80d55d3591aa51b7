/**
 * Pieces of Fragments whose digest is still to be checked: kept apart from the upload, so that a Fragment
 * that turns out wrong, or never ends, leaves nothing behind (RFC 9530). What a dead instance has left is
 * removed by the first use in the next.
 */
export class StagedPieces {
  readonly #sql: SqlStorage;
  #exists = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @param fragment names the Fragment that the bytes are the next of */
  add(fragment: string, bytes: Uint8Array): void {
    if (!this.#exists) {
      this.#sql.exec("DROP TABLE IF EXISTS staged");
      this.#sql.exec(
        "CREATE TABLE staged (id INTEGER PRIMARY KEY, fragment TEXT NOT NULL, bytes BLOB NOT NULL)",
      );
      this.#exists = true;
    }
    this.#sql.exec("INSERT INTO staged (fragment, bytes) VALUES (?, ?)", fragment, bytes);
  }

  /** The pieces of a Fragment in order, one at a time; none where an earlier instance had them. */
  *read(fragment: string): Generator<Uint8Array, void, undefined> {
    for (let last = 0; this.#exists;) {
      const [row] = this.#sql
        .exec<{ id: number; bytes: ArrayBuffer }>(
          "SELECT id, bytes FROM staged WHERE fragment = ? AND id > ? ORDER BY id LIMIT 1",
          fragment,
          last,
        )
        .toArray();
      if (row === undefined) return;
      yield new Uint8Array(row.bytes);
      last = row.id;
    }
  }

  discard(fragment: string): void {
    if (this.#exists) this.#sql.exec("DELETE FROM staged WHERE fragment = ?", fragment);
  }

  /** The storage has been removed, and the table with it. */
  forget(): void {
    this.#exists = false;
  }
}
