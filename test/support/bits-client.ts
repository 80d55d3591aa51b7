import type { HttpResponse } from "./http-response.ts";
import type { RawConnection } from "./raw-connection.ts";

/** The one upload protocol that [MC-BUP] 1.7.1 defines, spelt as Windows spells it. */
export const UPLOAD_PROTOCOL = "{7df0354d-249b-430f-820d-3d2a9bef4931}";

/** BG_E_SESSION_NOT_FOUND: the client begins again with Create-Session ([MC-BUP] 3.1.5.2.1). */
export const SESSION_NOT_FOUND = 0x8020001f;

/** The five packets of a client, as Windows writes them in `BITS-Packet-Type`. */
export type PacketType = "Create-Session" | "Ping" | "Fragment" | "Close-Session" | "Cancel-Session";

/**
 * How a packet says its verb: `BITS_POST` for the TCP door; for the HTTP door plain `POST`, or `POST` with
 * `X-HTTP-Method-Override: BITS_POST` as a gateway rewrites it.
 */
type Verb = "BITS_POST" | "POST" | "POST+override";

/** What may differ from what Windows would send. */
export interface PacketOptions {
  verb?: Verb;
  /**
   * Header changes, by name in any case: a text replaces the value in its place (and takes this spelling
   * of the name) or is added at the end, several texts make several lines, `null` removes.
   */
  headers?: Readonly<Record<string, string | readonly string[] | null>>;
  /** Replaces the whole request line, e.g. for another HTTP version. */
  requestLine?: string;
  /** Without it, packets that have no body announce `Content-Length: 0` and send none. */
  body?: Uint8Array | string;
  /** File name in `Content-Name`; default: the last segment of the target. */
  contentName?: string;
  timeoutMilliseconds?: number;
}

/** A piece of the file and where it belongs. */
export interface FragmentRange {
  sessionId: string;
  /** Offset of the first byte. */
  first: number;
  /** Size of the whole file. */
  total: number;
  bytes: Uint8Array | string;
}

/** A server's answer to a packet, with the BITS headers read. Numbers are NaN where they are malformed. */
export interface Ack {
  readonly response: HttpResponse;
  readonly status: number;
  readonly sessionId: string | undefined;
  /** The next offset the server wants. */
  readonly receivedContentRange: number | undefined;
  /** HRESULT, from `BITS-Error-Code` (Win32 pages) or `BITS-Error` (specification). */
  readonly errorCode: number | undefined;
  /** 0x5: the server's own fault; 0x7: the application's. */
  readonly errorContext: number | undefined;
  readonly replyUrl: string | undefined;
}

/** Asks for a session for `target` (a path, or an absolute URL for the absolute form). */
export async function createSession(
  connection: RawConnection,
  target: string,
  options: PacketOptions = {},
): Promise<Ack> {
  return exchange(connection, target, "Create-Session", {}, options);
}

/** Asks whether the server is there; carries no session. */
export async function ping(
  connection: RawConnection,
  target: string,
  options: PacketOptions = {},
): Promise<Ack> {
  return exchange(connection, target, "Ping", {}, options);
}

/** Sends one piece of the file. The head and the bytes go out as two writes, as Windows does. */
export async function fragment(
  connection: RawConnection,
  target: string,
  range: FragmentRange,
  options: PacketOptions = {},
): Promise<Ack> {
  return exchange(connection, target, "Fragment", range, { ...options, body: range.bytes });
}

/** Says that the file is complete. */
export async function closeSession(
  connection: RawConnection,
  target: string,
  sessionId: string,
  options: PacketOptions = {},
): Promise<Ack> {
  return exchange(connection, target, "Close-Session", { sessionId }, options);
}

/** Gives the upload up. */
export async function cancelSession(
  connection: RawConnection,
  target: string,
  sessionId: string,
  options: PacketOptions = {},
): Promise<Ack> {
  return exchange(connection, target, "Cancel-Session", { sessionId }, options);
}

/**
 * The request line and headers of a packet, ready to send, with Windows' header names, order and case as
 * captured in the fixtures.
 */
export function formatPacketHead(
  connection: Pick<RawConnection, "host" | "port">,
  target: string,
  packetType: PacketType,
  fields: Partial<Omit<FragmentRange, "bytes">> & { length?: number },
  options: PacketOptions = {},
): string {
  const length = fields.length ?? 0;
  const verb = options.verb ?? "BITS_POST";
  const headers: [string, string][] = [
    ["Accept", "*/*"],
    ["BITS-Packet-Type", packetType],
  ];
  if (packetType === "Create-Session") headers.push(["BITS-Supported-Protocols", UPLOAD_PROTOCOL]);
  if (fields.sessionId !== undefined) headers.push(["BITS-Session-Id", fields.sessionId]);
  if (packetType !== "Ping") {
    headers.push(["Content-Name", options.contentName ?? target.split("/").at(-1) ?? ""]);
  }
  if (fields.first !== undefined) {
    // An empty file gives `bytes 0--1/0`: that is what the specification's formula makes of it (3.1.5.1.4).
    const last = fields.first + length - 1;
    headers.push(["Content-Range", `bytes ${fields.first}-${last}/${fields.total ?? length}`]);
  }
  headers.push(
    ["User-Agent", "Microsoft BITS/7.8"],
    ["Host", `${connection.host}:${connection.port}`],
    ["Content-Length", String(length)],
    ["Connection", "Keep-Alive"],
  );
  if (verb === "POST+override") headers.push(["X-HTTP-Method-Override", "BITS_POST"]);
  const requestLine =
    options.requestLine ?? `${verb === "BITS_POST" ? "BITS_POST" : "POST"} ${target} HTTP/1.1`;
  const lines = changeHeaders(headers, options.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return [requestLine, ...lines, "", ""].join("\r\n");
}

/** Reads the BITS headers of a response. */
export function readAck(response: HttpResponse): Ack {
  const number = (name: string): number | undefined => {
    const value = response.header(name);
    return value === undefined ? undefined : Number(/^(0x[0-9A-Fa-f]+|\d+)$/.exec(value)?.[0] ?? Number.NaN);
  };
  return {
    response,
    status: response.status,
    sessionId: response.header("BITS-Session-Id"),
    receivedContentRange: number("BITS-Received-Content-Range"),
    errorCode: number("BITS-Error-Code") ?? number("BITS-Error"),
    errorContext: number("BITS-Error-Context"),
    replyUrl: response.header("BITS-Reply-URL"),
  };
}

async function exchange(
  connection: RawConnection,
  target: string,
  packetType: PacketType,
  fields: Partial<FragmentRange>,
  options: PacketOptions,
): Promise<Ack> {
  const body = typeof options.body === "string" ? Buffer.from(options.body) : options.body;
  const head = formatPacketHead(
    connection,
    target,
    packetType,
    { ...fields, length: body?.length ?? 0 },
    options,
  );
  // A server may answer and close before it has read everything: then the answer counts, not the broken send.
  const sent = Promise.all([connection.send(head), body?.length ? connection.send(body) : undefined]);
  sent.catch(() => {});
  const limit = options.timeoutMilliseconds;
  const response = await connection.readResponse(limit === undefined ? {} : { timeoutMilliseconds: limit });
  return readAck(response);
}

function changeHeaders(
  headers: readonly [string, string][],
  changes: Readonly<Record<string, string | readonly string[] | null>>,
): [string, string][] {
  let changed = [...headers];
  for (const [name, change] of Object.entries(changes)) {
    const values = change === null ? [] : typeof change === "string" ? [change] : change;
    const lines = values.map((value): [string, string] => [name, value]);
    const at = changed.findIndex(([have]) => have.toLowerCase() === name.toLowerCase());
    changed = at < 0 ? [...changed, ...lines] : changed.toSpliced(at, 1, ...lines);
  }
  return changed;
}
