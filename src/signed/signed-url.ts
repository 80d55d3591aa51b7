import type { Config, UploadDirectory } from "../config/config.ts";
import { DATA_FOLDER } from "../protocol/destination.ts";
import { parseSessionId, type SessionId } from "../protocol/session-id.ts";
import { isSigned, sign } from "./signature.ts";

/**
 * What a URL on the edge is good for: to read the entity or the reply of a session, or to write its reply. The signature
 * binds a URL to one session, one directory and one time (ruling 24, notification headers).
 */
export type SignedUrlKind = "entity" | "reply" | "new-reply";

/** The names by which IIS kept the same things, so that operators recognise them ([MC-BUP] 4.2). */
const PLACES: { readonly [kind in SignedUrlKind]: { readonly folder: string; readonly file: string } } = {
  entity: { folder: "Requests", file: "requestfile.bin" },
  reply: { folder: "Replies", file: "responsefile.bin" },
  "new-reply": { folder: "Replies", file: "responsefile.bin" },
};

const PATH = new RegExp(
  `^${DATA_FOLDER}/(Requests|Replies)/([^/]+)/([0-9a-f]{1,12})-([0-9a-f]{32})/[a-z]+\\.bin$`,
);
const SIGNATURE_BYTES = 16;

/**
 * Makes a signed URL.
 *
 * @param base scheme and host, as the reader will reach the edge
 * @param expiresAt milliseconds since 1970
 */
export async function formatSignedUrl(
  kind: SignedUrlKind,
  base: string,
  directory: UploadDirectory,
  sessionId: SessionId,
  expiresAt: number,
  key: string,
): Promise<string> {
  const expires = Math.ceil(expiresAt / 1000);
  const signature = await sign(key, messageOf(kind, directory, sessionId, expires), SIGNATURE_BYTES);
  const { folder, file } = PLACES[kind];
  return `${base}${directory.path}${DATA_FOLDER}/${folder}/${sessionId}/${expires.toString(16)}-${toHex(signature)}/${file}`;
}

/** What a URL with the form of a signed one says. */
export interface SignedUrl {
  readonly kind: SignedUrlKind;
  readonly sessionId: SessionId;
  /** Whether the edge made the URL, and the URL's time is not over. */
  readonly isValid: boolean;
}

/** Reads the path of a request; null if it does not have the form of a signed URL in `directory`. */
export async function parseSignedUrl(
  method: string,
  path: string,
  directory: UploadDirectory,
  { sessionKeys }: Config,
  now: number,
): Promise<SignedUrl | null> {
  const below = path.split("/").slice(directory.path.split("/").length - 1);
  const [, folder, id = "", expiry = "", signature = ""] = PATH.exec(below.join("/")) ?? [];
  const sessionId = parseSessionId(id);
  if (folder === undefined || sessionId === null) return null;
  const written = method === "PUT" ? "new-reply" : "reply";
  const kind: SignedUrlKind = folder === "Requests" ? "entity" : written;
  const expires = Number.parseInt(expiry, 16);
  const message = messageOf(kind, directory, sessionId, expires);
  return {
    kind,
    sessionId,
    isValid: expires * 1000 > now && (await isSigned(sessionKeys, message, fromHex(signature))),
  };
}

function messageOf(
  kind: SignedUrlKind,
  directory: UploadDirectory,
  sessionId: SessionId,
  expires: number,
): Uint8Array {
  return new TextEncoder().encode([kind, directory.path, sessionId, expires].join("\n"));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
