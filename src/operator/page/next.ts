import { reactionTo } from "../../protocol/client-reaction.ts";
import type { HistoryEntry, SessionDetails } from "../seat.ts";
import { NEXT, REACTIONS } from "./state-words.ts";

/** What a Windows client, or the edge, does next by the protocol. If the state does not say it, the last answer does. */
export function nextInWords(session: SessionDetails): string {
  const words = NEXT[session.state];
  if (words !== undefined) return words(session);
  const told = session.history.findLast(({ status }) => status !== undefined);
  return REACTIONS[reactionTo("Close-Session", told?.status ?? 503, hresultOf(told))];
}

function hresultOf(entry: HistoryEntry | undefined): number | null {
  const code = Number(entry?.hresult);
  return Number.isSafeInteger(code) ? code : null;
}
