import { giveWay } from "./give-way.ts";
import { Inflow } from "./inflow.ts";
import type { ListCalls, ListFigures, ListPage, ListQuery, SessionSummary } from "./operator-calls.ts";
import type { SessionRow } from "./session-tables.ts";
import { summarizeRow } from "./summary.ts";
import type { Surroundings } from "./surroundings.ts";

/** The object lists so many sessions in a row. Then packets have their turn. */
const IN_A_ROW = 200;

/** The list of an object's own sessions. It shows each session as it is stored at that moment. */
export class HostList implements ListCalls {
  readonly inflow = new Inflow();
  readonly #surroundings: Surroundings;
  readonly #isHandingOver: (row: SessionRow) => boolean;
  #isComplete = false;

  /** @param isHandingOver whether a session is handing its upload over just now */
  constructor(surroundings: Surroundings, isHandingOver: (row: SessionRow) => boolean) {
    this.#surroundings = surroundings;
    this.#isHandingOver = isHandingOver;
  }

  find(query: ListQuery): ListPage {
    this.#listOlder();
    const { rows, end } = this.#surroundings.listing.find(query);
    const fresh = rows.flatMap(({ at, session: { session } }) => {
      const summary = this.#refresh(session);
      const isWanted = summary !== null && (query.state ?? summary.state) === summary.state;
      return isWanted ? [{ at, session: summary }] : [];
    });
    return { rows: fresh, end };
  }

  figures(): ListFigures {
    this.#listOlder();
    const { listing, world } = this.#surroundings;
    const now = world.now();
    return { ...listing.figures(now), inflow: this.inflow.lastMinute(now) };
  }

  #refresh(session: SessionSummary["session"]): SessionSummary | null {
    const { listing, tables, world } = this.#surroundings;
    const row = tables.find(session);
    const summary = row === null ? null : this.#summarize(row);
    if (summary === null) listing.remove(session);
    else listing.put(summary, world.now());
    return summary;
  }

  /** Lists sessions that an edge without a list has stored; once a life of the object. */
  #listOlder(): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    const { world } = this.#surroundings;
    const key = this.#listSome(0);
    if (key === null) return;
    const work = this.#listRest(key).catch((error: unknown) =>
      world.log("failed", { during: "list", session: null, error: String(error) }),
    );
    world.keepAlive(work);
  }

  async #listRest(after: number): Promise<void> {
    for (let key: number | null = after; key !== null; key = this.#listSome(key))
      await giveWay(this.#surroundings.world);
  }

  /** @returns the key of the last one; null if there are no more */
  #listSome(after: number): number | null {
    const { listing, tables, world } = this.#surroundings;
    const rows = tables.page(after, IN_A_ROW);
    for (const row of rows) {
      const summary = listing.has(row.id) ? null : this.#summarize(row);
      if (summary !== null) listing.put(summary, world.now());
    }
    return rows.length < IN_A_ROW ? null : (rows.at(-1)?.key ?? null);
  }

  #summarize(row: SessionRow): SessionSummary | null {
    const { tables, world } = this.#surroundings;
    return summarizeRow(tables, row, world.config(), this.#isHandingOver(row));
  }
}
