import { STATUS_CODES } from "node:http";
import { HRESULT_WORDS, statusOfHresult } from "../../src/protocol/hresults.ts";
import { formatHresult } from "../../src/protocol/write-ack.ts";
import type { Answer } from "./read-ack.ts";

/** An HRESULT in words; null for one that nobody here knows, an application's own. */
export function hresultInWords(hresult: number): string | null {
  const status = statusOfHresult(hresult);
  if (status !== null) return `HTTP ${status} ${STATUS_CODES[status] ?? ""}`.trim();
  return HRESULT_WORDS.get(hresult) ?? null;
}

/** An answer in one line, `507 Insufficient Storage, 0x80041234 (the application)`, and what its code means. */
export function answerInWords(answer: Answer): string {
  const { status, hresult, isAck } = answer;
  const parts = [`${status} ${STATUS_CODES[status] ?? ""}`.trim()];
  if (hresult !== null) {
    const words = hresultInWords(hresult);
    parts.push(words === null ? formatHresult(hresult) : `${formatHresult(hresult)} (${words})`);
  }
  const who = whose(answer);
  if (who !== null) parts.push(who);
  if (!isAck) parts.push("not from a BITS server");
  return parts.join(", ");
}

/** [MC-BUP] 2.2.1.2: the context says whose error it is. */
function whose({ context }: Answer): string | null {
  if (context === 0x7) return "said by the application behind it";
  if (context === 0x5) return "said by the BITS server itself";
  return null;
}
