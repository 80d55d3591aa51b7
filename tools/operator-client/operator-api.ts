import * as v from "valibot";
import { printable } from "../terminal/in-units.ts";
import { CliError } from "../terminal/cli-error.ts";
import { type TlsSettings } from "../bits-client/tls-settings.ts";
import { fetchStream } from "../bits-client/exchange.ts";
import { closeRoute, routeTo } from "../bits-client/route.ts";
import { transportError } from "../bits-client/transport-error.ts";
import { PAGE, type Page, ROW, type Row } from "./rows.ts";

/** Which edge is asked, and as whom. */
export interface OperatorSettings {
  /** The page's URL, with a slash at its end: `https://bits.example.com/_bits/`. */
  readonly url: URL;
  /** OPERATOR_TOKEN of the edge. */
  readonly token: string;
  readonly tls: TlsSettings;
  readonly signal: AbortSignal;
}

/** What may be asked of the index. */
export interface SessionFilter {
  readonly state?: string;
  readonly directory?: string;
  readonly cursor?: string;
}

/** What an operator may do to a session; `release` says whether the application has the upload. */
export type Deed =
  | { readonly kind: "commit" | "cancel" }
  | { readonly kind: "release"; readonly application: "has-it" | "has-it-not" };

/** A page of sessions of a real edge is far smaller. */
const ANSWER_BYTES = 16 * 1024 * 1024;

/** The operator's JSON of an edge: `GET sessions`, `GET sessions/{id}`, `POST sessions/{id}/{deed}`. */
export class OperatorApi {
  readonly #settings: OperatorSettings;

  constructor(settings: OperatorSettings) {
    this.#settings = settings;
  }

  /** One page of sessions. */
  async sessions(filter: SessionFilter): Promise<Page> {
    const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== undefined));
    const text = query.size > 0 ? `sessions?${query.toString()}` : "sessions";
    return read(PAGE, await this.#ask("GET", text));
  }

  /** One session; what the edge tells beside its row is kept. */
  async session(id: string): Promise<Row & Record<string, unknown>> {
    const said = await this.#ask("GET", `sessions/${encodeURIComponent(id)}`);
    return { ...(said as Record<string, unknown>), ...read(ROW, said) };
  }

  /** Does something to a session; safe to repeat. @returns the session as it is then; null if nothing is left of it */
  async act(id: string, deed: Deed): Promise<(Row & Record<string, unknown>) | null> {
    const body = deed.kind === "release" ? JSON.stringify({ application: deed.application }) : "";
    const said = await this.#ask("POST", `sessions/${encodeURIComponent(id)}/${deed.kind}`, body);
    return said === null ? null : { ...(said as Record<string, unknown>), ...read(ROW, said) };
  }

  async #ask(method: string, path: string, body?: string): Promise<unknown> {
    const { url, token, tls, signal } = this.#settings;
    const target = new URL(path, url);
    const route = routeTo(target, tls);
    const headers: [string, string][] = [
      ["Accept", "application/json"],
      ["Authorization", `Bearer ${token}`],
      ["User-Agent", "bits-edge"],
    ];
    if (body !== undefined) headers.push(["Content-Length", String(Buffer.byteLength(body))]);
    if (body !== undefined && body !== "") headers.push(["Content-Type", "application/json"]);
    try {
      const outgoing = { method, target: target.pathname + target.search, headers, signal };
      const { head, body: answer } = await fetchStream(route, { ...outgoing, text: body ?? "" });
      return judge(head.status, await textOf(answer), path);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CliError) throw error;
      throw new CliError("later", `${url.host} cannot be asked: ${transportError(error).message}.`);
    } finally {
      closeRoute(route);
    }
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_BYTES)
      throw new CliError("refused", "The answer is larger than any of an edge; is the URL right?");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Status → the JSON, or a sentence that says what to do. */
function judge(status: number, text: string, path: string): unknown {
  if (status >= 200 && status <= 299) return text === "" ? null : parse(text);
  if (status === 401)
    throw new CliError("unauthorized", "The token is not taken: it must be the edge's OPERATOR_TOKEN.");
  if (status === 403) throw new CliError("unauthorized", `This token may look, and not act.${wordsOf(text)}`);
  if (status === 404 && path.startsWith("sessions/")) {
    throw new CliError(
      "refused",
      `There is no such session, or the edge has no operator's page there.${wordsOf(text)}`,
    );
  }
  if (status === 404) {
    throw new CliError(
      "refused",
      "There is no operator's page at this URL: is OPERATOR_TOKEN set at the edge, and the path right?",
    );
  }
  const ending = status >= 500 || status === 429 ? "later" : "refused";
  throw new CliError(ending, `It was answered ${status}.${wordsOf(text)}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(
      "refused",
      "What answers there is no edge's operator's page: it is not JSON. Is the URL right?",
    );
  }
}

/** The edge's own sentence, where it sent one. */
function wordsOf(text: string): string {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said === "object" && said !== null && "error" in said)
      return ` It says: ${printable(String(said.error), 400)}`;
  } catch {
    // A page of a gateway.
  }
  return "";
}

function read<S extends v.GenericSchema>(schema: S, said: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, said);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue) ?? "the answer";
  throw new CliError(
    "refused",
    `The edge's answer is not understood (${where}): is it of another version than this command?`,
  );
}
