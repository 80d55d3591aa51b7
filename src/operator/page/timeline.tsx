import { HRESULT_WORDS, statusOfHresult } from "../../protocol/hresults.ts";
import type { HistoryEntry } from "../seat.ts";
import { Moment } from "./moment.tsx";
import { visible } from "./visible.ts";
import { STATUS_WORDS, WHOSE } from "./answer-words.ts";
import { EVENTS } from "./event-words.ts";
import { lookUp } from "./look-up.ts";

/** Everything that happened to a session, the earliest first. */
export function Timeline({ history }: { readonly history: readonly HistoryEntry[] }) {
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">What happened</h2>
      {history.length === 0 ? (
        <p class="none">Nothing is known of its past.</p>
      ) : (
        <ol class="timeline">
          {history.map((entry) => (
            <li>
              <Moment at={entry.at} isExact />
              <span>
                {visible(lookUp(EVENTS, entry.event)?.(entry) ?? entry.event)}
                {entry.by !== undefined && `, by ${visible(entry.by)}`}
                <Told entry={entry} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** What the client was told, where an entry says it: status, code, whose error it is. */
function Told({ entry: { status, hresult, context } }: { readonly entry: HistoryEntry }) {
  if (status === undefined) return null;
  const whose = lookUp(WHOSE, context ?? "");
  return (
    <span class="minor">
      The client is told {status}
      {hresult !== undefined && (
        <>
          {" "}
          and <code>{visible(hresult)}</code>
          {codeInWords(hresult)}
        </>
      )}
      {whose !== undefined && `; ${whose}`}
    </span>
  );
}

function codeInWords(text: string): string {
  const hresult = Number(text);
  const status = statusOfHresult(hresult);
  const words = status === null ? HRESULT_WORDS.get(hresult) : statusInWords(status);
  return words === undefined ? "" : `, ${words}`;
}

function statusInWords(status: number): string {
  const words = STATUS_WORDS[status];
  return words === undefined ? `HTTP ${status}` : `HTTP ${status}: ${words}`;
}
