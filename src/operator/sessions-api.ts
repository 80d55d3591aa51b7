import { Hono } from "hono";
import * as v from "valibot";
import { RELEASE, SEARCH } from "./api-schema.ts";
import { openApi } from "./openapi.ts";
import type { Deed, Seat } from "./seat.ts";
import { refuse, type SeatContext, type SeatEnv } from "./seat-context.ts";

const NO_SESSION = "There is no such session, or none any more.";
const NO_BYTES = "The bytes of this upload are not here, not all of them, or not any more.";
const MOST_BODY_BYTES = 1024;
const DEEDS = ["commit", "cancel", "prolong"] as const;

/**
 * The seat as JSON, for scripts and `bits-edge sessions`; `openapi.json` describes it. An answer that is no success has
 * `{"error"}`, a sentence.
 *
 * @param seatFor the seat for a request of an operator
 */
export function sessionsApi(seatFor: (context: SeatContext) => Seat): Hono<SeatEnv> {
  const api = new Hono<SeatEnv>();
  api.get("/openapi.json", (context) => context.json(openApi(context.var.config.operator.path)));
  api.get("/overview", async (context) => context.json(await seatFor(context).overview()));
  api.get("/sessions", async (context) => {
    const search = v.safeParse(SEARCH, context.req.query());
    if (!search.success) return refuse(context, 400, sentenceOf(search.issues[0]));
    const { missing, ...page } = await seatFor(context).sessions(search.output);
    return missing === undefined ? context.json(page) : refuse(context, 501, missing);
  });
  api.get("/sessions/:id", async (context) => {
    const session = await seatFor(context).session(context.req.param("id"));
    return session === null ? refuse(context, 404, NO_SESSION) : context.json(session);
  });
  for (const kind of DEEDS)
    api.post(`/sessions/:id/${kind}`, async (context) => await act(context, seatFor(context), { kind }));
  api.post("/sessions/:id/release", async (context) => {
    const body = v.safeParse(RELEASE, await readJson(context.req.raw));
    if (!body.success)
      return refuse(context, 400, 'Say {"application":"has-it"} or {"application":"has-it-not"}.');
    return await act(context, seatFor(context), { kind: "release", ...body.output });
  });
  api.post("/sessions/:id/rescue", async (context) => {
    const url = await seatFor(context).rescueUrl(context.req.param("id"), context.var.operator);
    return url === null ? refuse(context, 404, NO_BYTES) : context.json({ url });
  });
  return api;
}

async function act(context: SeatContext, seat: Seat, deed: Deed): Promise<Response> {
  const done = await seat.act(context.req.param("id") ?? "", deed, context.var.operator);
  switch (done.result) {
    case "done":
      return context.json(done.session);
    case "refused":
      return refuse(context, 409, done.why);
    case "unknown":
      return refuse(context, 404, NO_SESSION);
  }
}

/** A small body, whatever it calls itself; null if it is no JSON. */
async function readJson(request: Request): Promise<unknown> {
  if (!(Number(request.headers.get("Content-Length") ?? Number.NaN) <= MOST_BODY_BYTES)) return null;
  try {
    return await request.json();
  } catch {
    return null;
  }
}

function sentenceOf(issue: v.BaseIssue<unknown>): string {
  return `The query's ${v.getDotPath(issue) ?? "parameters"} cannot be read: ${issue.message}.`;
}
