import { createServer } from "node:http";
import type { TestProject } from "vitest/node";
import { answer, type OriginBehaviour, type OriginRequest } from "../support/origin-behaviour.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";

/**
 * The real origin on Node that the tests inside workerd talk to. They cannot call into it, so a
 * destination's query says what it does to a PUT or POST: `?answer=507`, `?slow=1000`, and `?lost=1`,
 * which keeps the file but ends the first connection without a word. What is POSTed to it may also be
 * answered with `?reply=text`, with `?long=bytes` of reply, with a reply that is `?elsewhere=url`, or with `?copy=1`: put it at its destination.
 */
function behaviour(): (request: OriginRequest) => OriginBehaviour | undefined {
  const lost = new Set<string>();
  return ({ method, url: target, headers }) => {
    if (method !== "PUT" && method !== "POST") return undefined;
    const url = headers["bits-original-request-url"] ?? target;
    const { searchParams } = new URL(url, "http://origin.invalid");
    if (method === "POST") {
      const elsewhere = searchParams.get("elsewhere");
      if (elsewhere !== null) return answer(200, { "BITS-Static-Response-URL": elsewhere });
      if (searchParams.has("copy")) return answer(200, { "BITS-Copy-File-To-Destination": "1" });
      if (searchParams.has("long")) return answer(200, {}, "x".repeat(Number(searchParams.get("long"))));
      if (searchParams.has("reply")) return answer(200, {}, searchParams.get("reply") ?? "");
    }
    if (searchParams.has("answer")) return answer(Number(searchParams.get("answer")));
    if (searchParams.has("slow")) return { kind: "delay", milliseconds: Number(searchParams.get("slow")) };
    if (!searchParams.has("lost") || lost.has(url)) return undefined;
    lost.add(url);
    return { kind: "close", store: true };
  };
}

/** Starts the origin, and beside it a witness that lists as JSON every request that the origin has seen. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const origin = await startLegacyOrigin({ behave: behaviour() });
  const witness = createServer((_request, response) => response.end(JSON.stringify(origin.requests)));
  await new Promise<void>((resolve) => witness.listen(0, "127.0.0.1", resolve));
  const address = witness.address();
  if (address === null || typeof address === "string") throw new Error("the witness does not listen on TCP");
  project.provide("originUrl", origin.url);
  project.provide("witnessUrl", `http://127.0.0.1:${address.port}`);
  return async () => {
    witness.close();
    await origin.close();
  };
}
