import type { SessionSummary } from "../seat.ts";
import { bytesInWords, percentOf } from "./quantities.ts";

/** How much of an upload has come: a bar while bytes are missing, its size when they are not. */
export function Progress({ session }: { readonly session: SessionSummary }) {
  const { offset, total, state } = session;
  if (total === null) return <>{offset === 0 ? "–" : `${bytesInWords(offset)} so far`}</>;
  if (state !== "receiving") return <>{bytesInWords(total)}</>;
  const percent = percentOf(offset, total);
  return (
    <>
      <progress value={offset} max={total} aria-label={`${percent} % received`} />
      <span class="minor">
        {percent} % of {bytesInWords(total)}
        <span
          data-rate={session.session}
          data-offset={offset}
          data-total={total}
          data-at={session.changedAt}
        />
      </span>
    </>
  );
}
