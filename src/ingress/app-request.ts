import { type Arrival, markArrival, targetOf } from "./arrival.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { RequestBody } from "./request-body.ts";
import { methodOf } from "../http1/wire-methods.ts";

/**
 * The request as the app sees it, like one that came through `fetch`; redirects are left to the app. BITS_POST becomes POST
 * there. The door itself tells the app the verb, so it drops a header that claims one.
 *
 * @param body the body while it is still on the wire; not used if `head` announces none
 */
export function toAppRequest(
  head: RequestHead,
  body: RequestBody,
  { clientAddress, whenGone }: Pick<Arrival, "clientAddress" | "whenGone">,
): Request {
  const method = methodOf(head.method) ?? head.method;
  const headers = new Headers();
  for (const [name, value] of head.headers) headers.append(name, value);
  if (head.method === "BITS_POST") headers.delete("X-HTTP-Method-Override");
  const hasContent = head.body.kind === "chunked" || (head.body.kind === "length" && head.body.bytes > 0);
  const request = new Request(head.url, {
    method,
    headers,
    redirect: "manual",
    body: hasContent ? body.stream : null,
  });
  markArrival(request, {
    door: "tcp",
    method: head.method,
    target: targetOf(head.url),
    clientAddress,
    body: hasContent ? body : null,
    whenGone,
  });
  return request;
}
