import { STATUS_CODES } from "node:http";
import { hresultInWords } from "../bits-client/in-words.ts";
import { formatHresult } from "../../src/protocol/write-ack.ts";
import { printable } from "../terminal/in-units.ts";
import type { Heard, Spoken } from "./patient.ts";

/** Marks by which a server is known: a header, or the beginning of its page of error. */
const SERVERS: readonly (readonly [name: string, server: RegExp, page: RegExp])[] = [
  ["Cloudflare", /^cloudflare/i, /cloudflare/i],
  ["nginx", /^(?:nginx|openresty)/i, /<center>(?:nginx|openresty)/i],
  ["HAProxy", /^haproxy/i, /<html><body><h1>\d{3} [A-Z][^<]*<\/h1>\r?\n[A-Z]/],
  ["IIS", /^Microsoft-(?:IIS|HTTPAPI)/i, /Internet Information Services/i],
  ["Apache", /^Apache/i, /<address>Apache/i],
  ["Varnish", /^Varnish/i, /Varnish cache server/i],
  ["Caddy", /^Caddy/i, /^$a/],
];

/** The name of who answered, as far as it shows. Null: it does not. */
export function whoAnswers({ head, text }: Spoken): string | null {
  const valueOf = (wanted: string): string =>
    head.headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";
  if (valueOf("cf-ray") !== "" && valueOf("server") === "") return "Cloudflare";
  const server = valueOf("server");
  const known = SERVERS.find(([, mark, page]) => (server === "" ? page.test(text) : mark.test(server)));
  if (known !== undefined) return known[0];
  return server === "" ? null : printable(server, 40);
}

/** What was heard, in a few words: `501 Not Implemented from nginx`, `nothing: the connection broke`. */
export function heardInWords(heard: Heard): string {
  if (heard.kind === "silent") return `no answer (${heard.trouble.message})`;
  const { answer } = heard;
  const parts = [`${answer.status} ${STATUS_CODES[answer.status] ?? ""}`.trim()];
  if (answer.hresult !== null) {
    const words = hresultInWords(answer.hresult);
    parts.push(
      words === null ? formatHresult(answer.hresult) : `${formatHresult(answer.hresult)} (${words})`,
    );
  }
  if (answer.isAck) return parts.join(", ");
  const who = whoAnswers(heard);
  return `${parts.join(", ")} from ${who ?? "someone who does not say who it is"}`;
}
