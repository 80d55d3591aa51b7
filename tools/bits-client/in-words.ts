import { STATUS_CODES } from "node:http";
import { formatHresult } from "../../src/protocol/write-ack.ts";
import type { Answer } from "./read-ack.ts";

/** HRESULTs that a server sends → what they say; [MC-BUP] 2.2.1.2, Win32 "BITS Return Values". */
const HRESULTS: ReadonlyMap<number, string> = new Map([
  [0x80070002, "a file is missing"],
  [0x80070003, "a folder is missing"],
  [0x80070005, "access denied, a file is there already, or uploads are not enabled"],
  [0x80070057, "the packet was malformed, or a header was lost on the way"],
  [0x80070070, "the disk is full"],
  [0x800700df, "the reply is larger than the directory takes"],
  [0x8020001f, "the session is not known"],
  [0x80200020, "the upload is larger than the directory takes"],
  [0x80200022, "client and server have no protocol in common"],
  [0x80200023, "the directory may run scripts, so it takes no uploads"],
  [0x80072ee2, "the application did not answer in time"],
  [0x80072efd, "the application cannot be reached"],
  [0x80072efe, "the connection to the application broke"],
]);

/** BG_E_HTTP_ERROR_nnn is 0x80190000 and the HTTP status. */
const BG_E_HTTP_ERROR = 0x80190000;

/** An HRESULT in words; null for one that nobody here knows, an application's own. */
export function hresultInWords(hresult: number): string | null {
  const status = hresult - BG_E_HTTP_ERROR;
  if (status >= 100 && status <= 599) return `HTTP ${status} ${STATUS_CODES[status] ?? ""}`.trim();
  return HRESULTS.get(hresult) ?? null;
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
