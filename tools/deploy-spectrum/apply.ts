import type { ClientOptions } from "cloudflare";
import type { SpectrumRequest } from "./request.ts";

/**
 * Creates the application, or brings the one of this name and port up to date: the command can be repeated.
 *
 * @throws what the SDK throws, with the API's own words
 */
export async function apply(
  request: SpectrumRequest,
  client: ClientOptions,
): Promise<{ id: string; done: "created" | "updated" }> {
  // Loaded only here: the dry run needs nothing of it.
  const { default: Cloudflare } = await import("cloudflare");
  const { apps } = new Cloudflare(client).spectrum;
  for await (const app of apps.list({ zone_id: request.zone_id })) {
    for (const { id, dns, protocol } of [app].flat()) {
      if (dns.name !== request.dns.name || protocol !== request.protocol) continue;
      await apps.update(id, request);
      return { id, done: "updated" };
    }
  }
  return { id: (await apps.create(request)).id, done: "created" };
}
