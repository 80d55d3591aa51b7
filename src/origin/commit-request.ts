import type { UploadDirectory } from "../config/config.ts";
import { isConnectionBound } from "../http1/connection-bound-auth.ts";
import { formatVia } from "../http1/via.ts";
import { HEADER } from "../protocol/headers.ts";
import { formatSessionId, type SessionId } from "../protocol/session-id.ts";

/** A finished upload, as the origin application is to be told of it. */
export interface FinishedUpload {
  readonly sessionId: SessionId;
  /** Path and query of the destination URL. */
  readonly destination: string;
  /** The destination URL as the client addressed it, absolute. */
  readonly originalUrl: string;
  readonly clientAddress: string | null;
  /** The same for every attempt, so that the application can recognise a second delivery. */
  readonly commitId: string;
  /** SHA-256 of the entity, base64. */
  readonly digest: string;
  /**
   * Where the application may GET the entity, and PUT a reply: URLs on the edge, signed (ruling 24, notification headers).
   */
  readonly signedUrls: { readonly entity: string; readonly reply: string };
}

/** Where the origin is, and how it knows us. */
export interface Origin {
  readonly originUrl: string;
  readonly originAuthorization: string | null;
}

/** Everything of a commit's request but its body. */
export interface CommitRequest {
  readonly method: "PUT" | "POST";
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Whether the entity is the body; otherwise there is none. */
  readonly carriesEntity: boolean;
}

type RequestOf = (upload: FinishedUpload, directory: UploadDirectory, origin: Origin) => CommitRequest;

/**
 * How an application learns of an upload: a row for each `notification` ([MC-BUP] 2.2.12; ruling 14, plain upload;
 * ruling 24, notification headers).
 */
const NOTIFICATIONS: { readonly [notification in UploadDirectory["notification"]]: RequestOf } = {
  none: putRequest,

  "by-value": (upload, directory, origin) => ({
    method: "POST",
    url: notificationUrl(directory, origin.originUrl + upload.destination),
    headers: headersOf(upload, origin),
    carriesEntity: true,
  }),

  "by-reference": (upload, directory, origin) => ({
    method: "POST",
    url: notificationUrl(directory, origin.originUrl + upload.destination),
    headers: new Map([
      ...headersOf(upload, origin),
      [HEADER.requestDataFileName, upload.signedUrls.entity],
      [HEADER.responseDataFileName, upload.signedUrls.reply],
    ]),
    carriesEntity: false,
  }),
};

/** The request that hands `upload` to the application, in the way of its directory. */
export const commitRequest: RequestOf = (upload, directory, origin) =>
  NOTIFICATIONS[directory.notification](upload, directory, origin);

/** The request that puts the file where it belongs, unless one is there that may not be replaced. */
export function putRequest(
  upload: FinishedUpload,
  directory: UploadDirectory,
  origin: Origin,
): CommitRequest {
  const headers = headersOf(upload, origin);
  if (!directory.allowOverwrites) headers.set("If-None-Match", "*");
  return { method: "PUT", url: origin.originUrl + upload.destination, headers, carriesEntity: true };
}

/** The fields that a carrier sends: those of the request, and that a gateway sends it (RFC 9110 section 7.6.3). */
export function sentFields({ headers }: CommitRequest): Map<string, string> {
  return new Map([...headers, ["Via", formatVia(null)]]);
}

function headersOf(upload: FinishedUpload, { originAuthorization }: Origin): Map<string, string> {
  const headers = new Map<string, string>([
    ["Content-Type", "application/octet-stream"],
    ["User-Agent", "bits-edge"],
    [HEADER.sessionId, formatSessionId(upload.sessionId)],
    [HEADER.idempotencyKey, upload.commitId],
    [HEADER.originalRequestUrl, upload.originalUrl],
    [HEADER.reprDigest, `sha-256=:${upload.digest}:`],
  ]);
  // One that authenticates a connection would speak for whoever has it next (ruling 28, identity is never shared).
  if (originAuthorization !== null && !isConnectionBound(originAuthorization))
    headers.set("Authorization", originAuthorization);
  if (upload.clientAddress !== null) headers.set("X-Forwarded-For", upload.clientAddress);
  return headers;
}

/**
 * The notification URL, absolute: a relative one counts from the destination's folder, and the
 * destination's query string is passed on (Win32 "BITS IIS Extension Properties").
 */
export function notificationUrl(
  directory: Pick<UploadDirectory, "notificationUrl">,
  destinationUrl: string,
): string {
  const destination = new URL(destinationUrl);
  const url = new URL(directory.notificationUrl ?? "", destination);
  const queries = [url.search, destination.search].map((query) => query.replace(/^\?/, "")).filter(Boolean);
  url.search = queries.join("&");
  return url.href;
}
