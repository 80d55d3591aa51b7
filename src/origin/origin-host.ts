import { log } from "../runtime/log.ts";

/**
 * Where a session's packets go that was created at `url`: the host that the origin names in BITS-Host-Id, if the directory
 * lists it ([MC-BUP] 2.2.3.2); otherwise they stay.
 *
 * @param hostId the field, null if there was none
 */
export function urlAt(hostId: string | null, url: string, hosts: readonly string[]): string {
  if (hostId === null) return url;
  const host = hosts.find((listed) => listed.toLowerCase() === hostId.trim().toLowerCase());
  if (host !== undefined) return withHost(url, host);
  log("origin-host-not-listed", { url, host: hostId.slice(0, 300) });
  return url;
}

/** Whether `url`, at which a session goes on, is still the one of its upload, at the origin or at a host that is listed. */
export function isListed(url: string, uploadUrl: string, hosts: readonly string[]): boolean {
  return url === uploadUrl || hosts.some((host) => url === withHost(uploadUrl, host));
}

/** A host that names no port has that of `url`. */
function withHost(url: string, host: string): string {
  const elsewhere = new URL(url);
  elsewhere.host = host;
  return elsewhere.href;
}
