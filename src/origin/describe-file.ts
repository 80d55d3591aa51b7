import { ask } from "./ask.ts";
import type { Network } from "../runtime/network.ts";

const PATIENCE_MS = 15_000;
const MAXIMUM_PROPERTIES_BYTES = 64 * 1024;
/** RFC 4918 sections 9.1 and 15: what HEAD says, of a file that its server does not serve. */
const PROPFIND = `<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:"><D:prop><D:getcontentlength/><D:getlastmodified/><D:getetag/></D:prop></D:propfind>`;

/** What an origin tells of a file without its bytes. */
export interface Description {
  readonly length: number;
  readonly etag: string | null;
  /** The file's own time, as the origin writes it. */
  readonly modified: string | null;
  /** How long ago that was, by the origin's clock; null where it does not say. */
  readonly ageMs: number | null;
}

/** Asks by HEAD, and by PROPFIND where HEAD is not told; null where neither is. */
export async function describe(
  url: string,
  network: Network,
  headers: Record<string, string>,
): Promise<Description | null> {
  return (await describeByHead(url, network, headers)) ?? (await describeByPropfind(url, network, headers));
}

async function describeByHead(
  url: string,
  network: Network,
  headers: Record<string, string>,
): Promise<Description | null> {
  const response = await askOnce(url, network, { method: "HEAD", headers });
  if (response === null) return null;
  await response.body?.cancel();
  if (response.status !== 200) return null;
  return descriptionOf(
    response.headers.get("Content-Length"),
    response.headers.get("ETag"),
    response.headers.get("Last-Modified"),
    response.headers.get("Date"),
  );
}

async function describeByPropfind(
  url: string,
  network: Network,
  given: Record<string, string>,
): Promise<Description | null> {
  const headers = { ...given, Depth: "0", "Content-Type": "application/xml; charset=utf-8" };
  const response = await askOnce(url, network, { method: "PROPFIND", headers, body: PROPFIND });
  if (response === null || response.status !== 207) {
    await response?.body?.cancel();
    return null;
  }
  const properties = await readText(response).catch(() => "");
  return descriptionOf(
    propertyOf("getcontentlength", properties),
    propertyOf("getetag", properties),
    propertyOf("getlastmodified", properties),
    response.headers.get("Date"),
  );
}

function descriptionOf(
  length: string | null,
  etag: string | null,
  modified: string | null,
  date: string | null,
): Description | null {
  if (length === null || !/^\d{1,15}$/.test(length)) return null;
  const now = date === null ? Date.now() : Date.parse(date);
  const age = modified === null ? Number.NaN : now - Date.parse(modified);
  return { length: Number(length), etag, modified, ageMs: Number.isNaN(age) ? null : age };
}

/** The text of the one element of that name, whatever its prefix; no element here has others inside. */
function propertyOf(name: string, xml: string): string | null {
  const [, text] = new RegExp(`<(?:[\\w-]+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(xml) ?? [];
  const trimmed = text?.replaceAll("&quot;", '"').trim();
  return trimmed === undefined || trimmed === "" ? null : trimmed;
}

async function readText({ body }: Response): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (text.length < MAXIMUM_PROPERTIES_BYTES) {
    const { value, done } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

async function askOnce(url: string, network: Network, init: RequestInit): Promise<Response | null> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return await ask(network, url, { ...init, signal }).catch(() => null);
}
