import { isInRanges } from "../config/address-ranges.ts";
import type { Arrival } from "../ingress/arrival.ts";

/** The request as its client made it: seen through the gateways before the edge that we trust. */
export interface Sender {
  readonly clientAddress: string | null;
  /** The absolute URL that the client asked for. */
  readonly url: string;
}

/**
 * Who sent `request`, and to what URL. X-Forwarded-For, -Proto and -Host are believed only where the
 * connection itself comes from one of `trustedProxies`; from anybody else they are a client's invention.
 *
 * @param trustedProxies CIDR ranges
 */
export function senderOf(
  request: Request,
  { clientAddress }: Arrival,
  trustedProxies: readonly string[],
): Sender {
  if (clientAddress === null || !isInRanges(clientAddress, trustedProxies))
    return { clientAddress, url: request.url };
  const { headers } = request;
  // The last address is the one that our gateway saw and added itself.
  const forwarded = headers.get("X-Forwarded-For")?.split(",").at(-1)?.trim();
  const url = new URL(request.url);
  const protocol = headers.get("X-Forwarded-Proto")?.trim();
  if (protocol === "https" || protocol === "http") url.protocol = protocol;
  const host = headers.get("X-Forwarded-Host")?.trim();
  if (host !== undefined && /^[A-Za-z0-9.:[\]-]+$/.test(host)) url.host = host;
  return {
    clientAddress: forwarded === undefined || forwarded === "" ? clientAddress : forwarded,
    url: url.href,
  };
}
