import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { fetchStream } from "../bits-client/exchange.ts";
import type { AnswerHead } from "../bits-client/read-ack.ts";
import { closeRoute, routeTo } from "../bits-client/route.ts";
import type { TlsSettings } from "../bits-client/tls-settings.ts";
import { TransportError } from "../bits-client/transport-error.ts";
import { CliError } from "../terminal/cli-error.ts";

/** Who asks for a reply, and where it goes. */
export interface ReplySettings {
  /** The upload's own URL: what a relative reply URL is relative to, and whom credentials are for. */
  readonly url: URL;
  readonly authorization: string | null;
  readonly tls: TlsSettings;
  /** The file to make. */
  readonly path: string;
  readonly signal: AbortSignal;
}

/**
 * Value of BITS-Reply-URL → the absolute URL, null where it is none: relative ones are resolved against the folder of
 * the upload, backslashes are slashes, and braces are encoded, as the client of [MC-BUP] 4.2 did.
 */
export function resolveReplyUrl(text: string, url: URL): URL | null {
  const escaped = text.replaceAll("\\", "/").replaceAll("{", "%7B").replaceAll("}", "%7D");
  const resolved = URL.parse(escaped, url.href);
  return resolved !== null && /^https?:$/.test(resolved.protocol) ? resolved : null;
}

/** What an interrupted download may go on with: the bytes that are here are of this very version, RFC 9110 13.1.5. */
interface Started {
  readonly replyUrl: string;
  readonly validator: string;
  bytes: number;
}

/** The download of a reply, [MC-BUP] 4.2: GET, and after a break with Range. The file appears when it is whole. */
export class ReplyDownload {
  readonly #settings: ReplySettings;
  #started: Started | null = null;

  constructor(settings: ReplySettings) {
    this.#settings = settings;
  }

  /** The file to make. */
  get path(): string {
    return this.#settings.path;
  }

  /**
   * One try.
   *
   * @returns the size in bytes
   * @throws TransportError where another try may work, CliError where none will
   */
  async fetch(replyUrl: string): Promise<number> {
    const { url, tls, path, signal } = this.#settings;
    const from = resolveReplyUrl(replyUrl, url);
    if (from === null) throw new CliError("refused", "The server named a reply URL that is none.");
    const before = this.#started?.replyUrl === replyUrl && this.#started.bytes > 0 ? this.#started : null;
    const part = `${path}.part`;
    const route = routeTo(from, tls);
    try {
      const outgoing = {
        method: "GET",
        target: from.pathname + from.search,
        headers: this.#headers(from, before),
        signal,
      };
      const { head, body } = await fetchStream(route, outgoing);
      const isRest = before !== null && head.status === 206 && saysStart(head, before.bytes);
      if (!isRest && head.status !== 200) body.destroy();
      judge(head.status, isRest);
      const validator = validatorOf(head);
      const started = isRest ? before : { replyUrl, validator: validator ?? "", bytes: 0 };
      this.#started = isRest || validator !== null ? started : null;
      await write(part, started, body, signal);
      if (!body.complete) throw new TransportError("lost", "ECONNRESET", "the connection broke");
      await rename(part, path);
      return started.bytes;
    } finally {
      closeRoute(route);
    }
  }

  /** Removes what an interrupted download has left. */
  async discard(): Promise<void> {
    await rm(`${this.#settings.path}.part`, { force: true });
  }

  /** Credentials are for the host that the upload goes to, and no other (RFC 9110 11.5). */
  #headers(from: URL, before: Started | null): [string, string][] {
    const { authorization, url } = this.#settings;
    const headers: [string, string][] = [
      ["Accept", "*/*"],
      ["Accept-Encoding", "identity"],
      ["User-Agent", "bits-edge"],
    ];
    if (before !== null) headers.push(["Range", `bytes=${before.bytes}-`], ["If-Range", before.validator]);
    if (authorization !== null && from.origin === url.origin) headers.push(["Authorization", authorization]);
    return headers;
  }
}

function judge(status: number, isRest: boolean): void {
  if (status === 200 || isRest) return;
  if (status >= 500 || status === 408 || status === 429 || status === 206) {
    throw new TransportError("lost", String(status), `it was answered ${status}`);
  }
  throw new CliError("refused", `The reply cannot be fetched: it was answered ${status}.`);
}

function valueOf({ headers }: AnswerHead, wanted: string): string | null {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
}

function saysStart(head: AnswerHead, offset: number): boolean {
  return new RegExp(`^bytes ${offset}-\\d+/`, "i").test(valueOf(head, "content-range") ?? "");
}

/** A strong ETag; a weak one, and a date, do not promise the same bytes. */
function validatorOf(head: AnswerHead): string | null {
  const etag = valueOf(head, "etag");
  return etag !== null && /^"[^"]*"$/.test(etag) ? etag : null;
}

/** Counts what is written, part by part, so that a break costs nothing that had come. */
async function write(
  path: string,
  started: { bytes: number },
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, started.bytes > 0 ? "r+" : "w");
  } catch (error) {
    throw unwritable(path, error);
  }
  try {
    for await (const part of body) {
      signal.throwIfAborted();
      await writeAt(file, part, started.bytes).catch((error: unknown) => {
        throw unwritable(path, error);
      });
      started.bytes += part.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A disk may take a part of it at a time. */
async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

function unwritable(path: string, error: unknown): CliError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new CliError("later", `The reply cannot be written to ${path} (${code}).`);
}
