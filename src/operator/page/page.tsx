import { type Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import { parseSessionId } from "../../protocol/session-id.ts";
import { COME_AGAIN } from "../../runtime/come-again.ts";
import { log } from "../../runtime/log.ts";
import type { DeedKind, Operator, Seat, SessionDetails } from "../seat.ts";
import type { Asset } from "./asset.ts";
import { readDeed } from "./deed-form.ts";
import { DeedQuestion } from "./deeds.tsx";
import { formatDocument } from "./document.tsx";
import { findSessions } from "./find-sessions.ts";
import { FirstScreen } from "./first-screen.tsx";
import { lastStatuses } from "./last-statuses.ts";
import { RescueLink, Sorry } from "./notices.tsx";
import { SCRIPT } from "./script.ts";
import { SessionPage } from "./session-page.tsx";
import { STYLE } from "./style.ts";
import { uploadName } from "./upload-name.ts";
import { formatView, readView } from "./view.ts";
import { DEEDS, RESCUE } from "./deed-words.ts";
import { FIRST_SCREEN, SORRY, type SorryName } from "./screen-words.ts";

/** What a request to the page is answered from: what is known, who asks, and where the page is. */
export interface Visit {
  readonly seat: Seat;
  readonly operator: Operator;
  /** Path of the page, with a slash at both ends, such as `/_bits/`. */
  readonly base: string;
  /** Where a form logs the operator out; null where he did not log in by one. */
  readonly logOutPath: string | null;
}

type Page = Hono<{ Variables: { visit: Visit } }>;
type PageContext = Context<{ Variables: { visit: Visit } }>;

/**
 * The operator's page, for an app to mount: who may see it, whether a form is the page's own (CSRF) and the fields that
 * guard an answer are the app's business, before this. Every link and form works without script.
 *
 * @param visitOf what a request sees, and as whom
 * @param now milliseconds since 1970; how long a session was silent counts from it
 *
 * @example
 * ```ts
 * app.route("/_bits/", operatorPage((context) => ({ seat, operator: context.get("operator"), base: "/_bits/" })));
 * ```
 */
export function operatorPage(visitOf: (context: Context) => Visit, now: () => number = Date.now): Page {
  const page: Page = new Hono();
  page.route("/", pageAssets());
  // Its own paths alone: an app may have others beside them.
  for (const path of ["/", "/live", "/session/*"]) {
    page.use(path, async (context, next) => {
      context.set("visit", visitOf(context));
      // What is shown is of this moment, and of this operator.
      context.header("Cache-Control", "private, no-store");
      await next();
    });
  }
  page.get("/", async (context) => show(context, await firstScreen(context, now())));
  page.get("/live", async (context) => {
    const id = context.req.query("session");
    const shown = id === undefined ? await firstScreen(context, now()) : await sessionScreen(context, id);
    return "sorry" in shown ? context.body(null, 404) : context.html(<>{shown.content}</>);
  });
  page.get("/session/:id", async (context) =>
    show(context, await sessionScreen(context, context.req.param("id"))),
  );
  for (const kind of Object.keys(DEEDS) as DeedKind[]) {
    page.get(`/session/:id/${kind}`, async (context) => show(context, await question(context, kind)));
    page.post(`/session/:id/${kind}`, async (context) => await act(context, kind));
  }
  page.post("/session/:id/rescue", async (context) => show(context, await rescue(context)));
  page.onError((error, context) => {
    log("failed", { during: "page", session: null, error: error.message });
    for (const [name, value] of Object.entries(COME_AGAIN)) context.header(name, value);
    return show(context, { sorry: "broken" });
  });
  return page;
}

/** The page's style and script, which say nothing of anybody: an app may show them to whom it asks to log in. */
function pageAssets(): Hono {
  const assets = new Hono();
  for (const asset of [STYLE, SCRIPT]) assets.get(`/${asset.path}`, (context) => sendAsset(context, asset));
  return assets;
}

/** What a page shows: its title and its content, and the query by which the script asks for the content again. */
interface Screen {
  readonly title: string;
  readonly content: Child;
  readonly live: string | null;
}

/** Why there is nothing to show, and in what words if there are any of its own. */
interface Refusal {
  readonly sorry: SorryName;
  readonly why?: string;
}

async function show(context: PageContext, shown: Screen | Refusal): Promise<Response> {
  const { base, operator, logOutPath } = context.get("visit");
  const around = { base, operator, logOutPath };
  if (!("sorry" in shown)) {
    const live = shown.live === null ? null : `${base}live${shown.live}`;
    return context.html(formatDocument({ ...around, ...shown, live, children: shown.content }));
  }
  const { status, title } = SORRY[shown.sorry];
  const children = <Sorry name={shown.sorry} why={shown.why ?? null} base={base} />;
  return context.html(formatDocument({ ...around, title, live: null, children }), status);
}

async function firstScreen(context: PageContext, now: number): Promise<Screen> {
  const { seat, base } = context.get("visit");
  const view = readView(context.req.query());
  const overview = await seat.overview();
  const found = await findSessions(seat, view, overview, now);
  const statuses = await lastStatuses(seat, found.sessions);
  const content = (
    <FirstScreen overview={overview} found={found} statuses={statuses} view={view} base={base} />
  );
  return { title: FIRST_SCREEN.title, content, live: formatView(view) };
}

async function find(
  context: PageContext,
  text = context.req.param("id") ?? "",
): Promise<SessionDetails | null> {
  const id = parseSessionId(text);
  return id === null ? null : await context.get("visit").seat.session(id);
}

async function sessionScreen(context: PageContext, id: string): Promise<Screen | Refusal> {
  const { operator, base } = context.get("visit");
  const session = await find(context, id);
  if (session === null) return { sorry: "unknown" };
  const done = context.req.query("done");
  const notice = done === undefined || !Object.hasOwn(DEEDS, done) ? null : DEEDS[done as DeedKind].done;
  const content = <SessionPage session={session} operator={operator} base={base} notice={notice} />;
  return { title: uploadName(session), content, live: `?session=${session.session}` };
}

async function question(context: PageContext, kind: DeedKind): Promise<Screen | Refusal> {
  const { operator, base } = context.get("visit");
  if (!operator.mayAct) return { sorry: "reader" };
  const session = await find(context);
  if (session === null) return { sorry: "unknown" };
  if (!session.deeds[kind]) return { sorry: "refused" };
  const content = <DeedQuestion kind={kind} session={session} base={base} />;
  return { title: DEEDS[kind].asks, content, live: null };
}

async function act(context: PageContext, kind: DeedKind): Promise<Response> {
  const { seat, operator, base } = context.get("visit");
  if (!operator.mayAct) return show(context, { sorry: "reader" });
  const id = parseSessionId(context.req.param("id") ?? "");
  const deed = readDeed(kind, await context.req.parseBody());
  if (deed === null) return show(context, { sorry: "incomplete" });
  const done = id === null ? ({ result: "unknown" } as const) : await seat.act(id, deed, operator);
  if (done.result === "unknown") return show(context, { sorry: "unknown" });
  if (done.result === "refused") return show(context, { sorry: "refused", why: done.why });
  // A session that is gone by its deed has no page to come back to.
  return context.redirect(done.session === null ? base : `${base}session/${id}?done=${kind}`, 303);
}

async function rescue(context: PageContext): Promise<Screen | Refusal> {
  const { seat, operator, base } = context.get("visit");
  if (!operator.mayAct) return { sorry: "reader" };
  const session = await find(context);
  if (session === null) return { sorry: "unknown" };
  const url = await seat.rescueUrl(session.session, operator);
  if (url === null) return { sorry: "gone" };
  return { title: RESCUE.name, content: <RescueLink url={url} session={session} base={base} />, live: null };
}

function sendAsset(context: Context, { address, type, text }: Asset): Response {
  // An address with the hash of the text is this text's for ever.
  const isExact = context.req.url.endsWith(`/${address}`);
  const keep = isExact ? "private, max-age=31536000, immutable" : "private, no-cache";
  return context.body(text, 200, { "Content-Type": type, "Cache-Control": keep });
}
