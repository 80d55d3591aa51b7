import type { Config } from "../config.ts";

/** A create must not wait longer for an origin that is down: the commit checks again. */
const PATIENCE_MS = 5000;

/**
 * Whether a file is at the destination already, so that an upload that could never be committed is
 * refused before its bytes travel (ruling 13).
 *
 * @param destination path and query
 * @returns false also where the origin does not say; it may be down, and uploads are taken meanwhile
 */
export async function destinationExists(destination: string, config: Config): Promise<boolean> {
  try {
    const response = await fetch(config.originUrl + destination, {
      method: "HEAD",
      headers: config.originAuthorization === null ? {} : { Authorization: config.originAuthorization },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return response.ok;
  } catch {
    return false;
  }
}
