import { issuedAtOf, type SessionId } from "../../protocol/session-id.ts";
import type { SessionSummary, SessionsFound } from "../seat.ts";
import { groupOf } from "./groups.ts";
import { Standing } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { Progress } from "./progress.tsx";
import { countOf } from "./quantities.ts";
import { formatView, isFiltered, type View } from "./view.ts";
import { readablePath, shortened, visible } from "./visible.ts";
import { outcomeInWords } from "./answer-words.ts";
import { COLUMNS, NONE } from "./screen-words.ts";
import { NEXT_BY } from "./state-words.ts";

/** What the list is made of. */
export interface ListProperties {
  readonly found: SessionsFound;
  /** What the application said last, where a row does not say it. */
  readonly statuses: ReadonlyMap<SessionId, number>;
  readonly view: View;
  readonly base: string;
}

/**
 * The sessions of a view. The roles are written out: on a phone the rows are cards, and a browser takes a table whose
 * cells are laid out otherwise for no table.
 */
export function SessionList({ found, statuses, view, base }: ListProperties) {
  if (found.sessions.length === 0) {
    return (
      <>
        <p class="none">{noneInWords(found, view)}</p>
        <Pages found={found} view={view} base={base} />
      </>
    );
  }
  return (
    <>
      <table class="sessions" role="table" aria-labelledby="list">
        <thead role="rowgroup">
          <tr role="row">
            {COLUMNS.map((name) => (
              <th scope="col" role="columnheader">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" data-rows>
          {found.sessions.map((row) => (
            <Row row={row} status={statuses.get(row.session) ?? null} base={base} />
          ))}
        </tbody>
      </table>
      <Pages found={found} view={view} base={base} />
    </>
  );
}

/** A seat looks through a part of its sessions at a time: none among these is not none at all. */
function noneInWords({ next }: SessionsFound, view: View): string {
  if (next !== null) return NONE.here;
  return isFiltered(view) ? NONE.fits : NONE.stands;
}

function Row(properties: {
  readonly row: SessionSummary;
  readonly status: number | null;
  readonly base: string;
}) {
  const { row, status, base } = properties;
  return (
    <tr role="row" id={`s-${row.session}`}>
      <th scope="row" role="rowheader" class="upload">
        <UploadName row={row} base={base} />
      </th>
      <td role="cell" class="state">
        <Standing state={row.state} />
      </td>
      <td role="cell" class="amount">
        <Progress session={row} />
      </td>
      <td role="cell" class="client">
        {row.client === null ? "–" : <bdi>{visible(row.client)}</bdi>}
      </td>
      <td role="cell" class="answer">
        <LastAnswer row={row} status={status} />
      </td>
      <td role="cell" class="when">
        {row.changedAt === null ? "–" : <Moment at={row.changedAt} />}
        <span class="minor">
          begun <Moment at={issuedAtOf(row.session)} />
        </span>
      </td>
    </tr>
  );
}

function UploadName({ row, base }: { readonly row: SessionSummary; readonly base: string }) {
  const { folder, name } =
    row.destination === null ? { folder: "", name: row.session } : readablePath(row.destination);
  return (
    <>
      <a href={`${base}session/${row.session}`}>
        <bdi>{shortened(name, 80)}</bdi>
      </a>
      {folder !== "" && (
        <span class="minor">
          <bdi>{shortened(folder, 64)}</bdi>
        </span>
      )}
    </>
  );
}

function LastAnswer({ row, status }: { readonly row: SessionSummary; readonly status: number | null }) {
  if (row.lastOutcome === null) return null;
  const answer = { outcome: row.lastOutcome, ...(status === null ? {} : { originStatus: status }) };
  const next = NEXT_BY[row.state];
  return (
    <>
      {visible(outcomeInWords(answer))}
      <span class="minor">
        {[countOf(row.attempts, "attempt"), ...(next === undefined ? [] : [next])].join(", ")}
      </span>
    </>
  );
}

function Pages({ found, view, base }: Omit<ListProperties, "statuses">) {
  const isFirst = view.cursor === "";
  if (isFirst && found.next === null) return null;
  return (
    <nav class="pages" aria-label={`Pages of ${groupOf(view.state).name}`}>
      {!isFirst && <a href={`${base}${formatView({ ...view, cursor: "" })}`}>First page</a>}
      {found.next !== null && (
        <a rel="next" href={`${base}${formatView({ ...view, cursor: found.next })}`}>
          Next page
        </a>
      )}
    </nav>
  );
}
