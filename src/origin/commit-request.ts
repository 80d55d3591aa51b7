import type { UploadDirectory } from "../config.ts";
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
  /** Bytes. */
  readonly length: number;
}

/** Everything of a commit's request but its body. */
export interface CommitRequest {
  readonly method: "PUT" | "POST";
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * The request that hands `upload` to the application: a PUT of the file where it belongs, or a POST of
 * it to the notification URL ([MC-BUP] 2.2.12; rulings 14 and 24).
 */
export function commitRequest(
  upload: FinishedUpload,
  directory: UploadDirectory,
  origin: { readonly originUrl: string; readonly originAuthorization: string | null },
): CommitRequest {
  const headers = new Map<string, string>([
    ["Content-Type", "application/octet-stream"],
    ["User-Agent", "bits-edge"],
    [HEADER.sessionId, formatSessionId(upload.sessionId)],
    [HEADER.idempotencyKey, upload.commitId],
    [HEADER.originalRequestUrl, upload.originalUrl],
  ]);
  if (origin.originAuthorization !== null) headers.set("Authorization", origin.originAuthorization);
  if (upload.clientAddress !== null) headers.set("X-Forwarded-For", upload.clientAddress);

  const destinationUrl = origin.originUrl + upload.destination;
  if (directory.notificationUrl === null || directory.notification === "none") {
    if (!directory.allowOverwrites) headers.set("If-None-Match", "*");
    return { method: "PUT", url: destinationUrl, headers };
  }
  return { method: "POST", url: notificationUrl(directory.notificationUrl, destinationUrl), headers };
}

/**
 * The notification URL, absolute: a relative one counts from the destination's folder, and the
 * destination's query string is passed on (Win32 "BITS IIS Extension Properties").
 */
export function notificationUrl(configured: string, destinationUrl: string): string {
  const destination = new URL(destinationUrl);
  const url = new URL(configured, destination);
  const queries = [url.search, destination.search].map((query) => query.replace(/^\?/, "")).filter(Boolean);
  url.search = queries.join("&");
  return url.href;
}
