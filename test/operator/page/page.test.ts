import { describe, expect, test } from "vitest";
import { operatorPage } from "../../../src/operator/page/page.tsx";
import type { Operator, Seat, SessionDetails } from "../../../src/operator/seat.ts";
import type { SessionId } from "../../../src/protocol/session-id.ts";
import { GeneratedSeat } from "./generated-seat.ts";

const NOW = Date.UTC(2026, 10, 27, 15, 42, 8);
const ACTING: Operator = { name: "token", mayAct: true };
const READING: Operator = { name: "read-only token", mayAct: false };

const pageOf = (seat: Seat, operator = ACTING) =>
  operatorPage(
    () => ({ seat, operator, base: "/_bits/", logOutPath: null }),
    () => NOW,
  );

async function get(seat: Seat, path: string, operator = ACTING): Promise<{ status: number; html: string }> {
  const response = await pageOf(seat, operator).request(path);
  return { status: response.status, html: await response.text() };
}

async function post(seat: Seat, path: string, form: Record<string, string> = {}, operator = ACTING) {
  return await pageOf(seat, operator).request(path, { method: "POST", body: new URLSearchParams(form) });
}

async function oneThatIs(seat: Seat, state: SessionDetails["state"]): Promise<SessionId> {
  const [row] = (await seat.sessions({ state, limit: 1 })).sessions;
  if (row === undefined) throw new Error(`no session is ${state}`);
  return row.session;
}

/** A seat of one session that has everything of the held one but this. */
async function seatOf(change: Partial<SessionDetails>): Promise<{ seat: Seat; id: SessionId }> {
  const seat = new GeneratedSeat(2_000, NOW);
  const id = await oneThatIs(seat, "held");
  const session = { ...((await seat.session(id)) as SessionDetails), ...change };
  return {
    id,
    seat: {
      overview: () => seat.overview(),
      sessions: async () => ({ sessions: [session], next: null }),
      session: async () => session,
      act: async () => ({ result: "refused", why: "<b>no</b>" }),
      rescueUrl: async () => null,
    },
  };
}

describe("The first screen", () => {
  const seat = new GeneratedSeat(10_000, NOW);

  test("says in one heading whether all is well, and has five figures that lead to their lists", async () => {
    const { status, html } = await get(seat, "/");
    expect(status).toBe(200);
    expect(html.match(/<h1>.*?<\/h1>/s)?.[0]).toContain("uploads are held");
    const figures = Array.from(html.matchAll(/<a href="([^"]*)" class="figure/g), ([, href]) => href);
    expect(figures).toEqual([
      "/_bits/",
      "/_bits/?state=receiving",
      "/_bits/?state=waiting",
      "/_bits/?state=held",
      "/_bits/?state=not-taken",
    ]);
  });

  test("has what the application said last in words, who acts next, and fifty rows", async () => {
    const { html } = await get(seat, "/?state=not-taken");
    expect(html).toMatch(
      /the application said 507: disk full<span class="minor">3 attempts, next by the client/,
    );
    expect(html.match(/<tr role="row" id="s-/g)).toHaveLength(50);
    expect(html).toContain('rel="next"');
  });

  test("says so where nothing fits", async () => {
    expect((await get(seat, "/?client=nobody")).html).toContain("No upload fits these filters.");
  });

  test("comes again by itself as the content alone", async () => {
    const { html } = await get(seat, "/live?state=held");
    expect(html).toMatch(/^<div class="verdict">/);
    expect(html).not.toContain("<html");
  });
});

describe("A session's page", () => {
  test("tells what happened, in order, with codes in words, and what the client does next", async () => {
    const seat = new GeneratedSeat(10_000, NOW);
    const { html } = await get(seat, `/session/${await oneThatIs(seat, "held")}`);
    const text = html.replaceAll(/<[^>]+>/g, "");
    expect(text).toMatch(/The first bytes came.*The last byte came.*Handing over began, attempt 1/s);
    expect(text).toContain("The client is told 502 and 0x80072EFE, the connection to the application broke");
    expect(text).toContain("Nothing is sent to the application until you decide.");
  });

  test("is not there for an unknown session, nor for what is no id", async () => {
    const seat = new GeneratedSeat(10, NOW);
    for (const id of ["A0FF5911-4144-45B3-BF27-27AFC8EC8A67", "x", "..%2F"]) {
      expect((await get(seat, `/session/${id}`)).status).toBe(404);
      expect((await get(seat, `/live?session=${id}`)).status).toBe(404);
    }
  });
});

describe("A deed", () => {
  test("is asked on a page of its own, done by a form, and ends at the session with a sentence", async () => {
    const seat = new GeneratedSeat(10_000, NOW);
    const id = await oneThatIs(seat, "held");
    const { html } = await get(seat, `/session/${id}/release`);
    expect(html).toContain(`<form class="question" method="post" action="/_bits/session/${id}/release">`);
    const done = await post(seat, `/session/${id}/release`, { application: "has-it" });
    expect([done.status, done.headers.get("Location")]).toEqual([303, `/_bits/session/${id}?done=release`]);
    const after = await get(seat, `/session/${id}?done=release`);
    expect(after.html).toContain("The upload is released.");
    expect(after.html).toContain("An operator released it: the application has it, by token");
  });

  test("that lacks its answer, or makes no sense, changes nothing and says why", async () => {
    const seat = new GeneratedSeat(10_000, NOW);
    const held = await oneThatIs(seat, "held");
    const done = await oneThatIs(seat, "committed");
    expect((await post(seat, `/session/${held}/release`)).status).toBe(400);
    expect((await post(seat, `/session/${held}/release`, { application: "perhaps" })).status).toBe(400);
    const refused = await post(seat, `/session/${done}/cancel`);
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("A session that is committed cannot be told to cancel.");
    expect((await get(seat, `/session/${done}/cancel`)).status).toBe(409);
    expect((await seat.session(held))?.state).toBe("held");
  });

  test("is no reader's: he sees no button, no question, and is refused", async () => {
    const seat = new GeneratedSeat(10_000, NOW);
    const id = await oneThatIs(seat, "held");
    expect((await get(seat, `/session/${id}`, READING)).html).not.toContain(`/session/${id}/`);
    expect((await get(seat, `/session/${id}/cancel`, READING)).status).toBe(403);
    for (const kind of ["commit", "release", "cancel", "prolong", "rescue"]) {
      const response = await post(seat, `/session/${id}/${kind}`, { application: "has-it" }, READING);
      expect(response.status).toBe(403);
    }
    expect((await seat.session(id))?.state).toBe("held");
  });

  test("is never done by a link", async () => {
    const seat = new GeneratedSeat(10_000, NOW);
    const id = await oneThatIs(seat, "held");
    const before = await seat.session(id);
    for (const kind of ["commit", "release", "cancel", "prolong", "rescue"])
      await get(seat, `/session/${id}/${kind}`);
    expect(await seat.session(id)).toEqual(before);
  });
});

describe("Text from outside", () => {
  const MARKUP = `"><script>alert(1)</script><img src=x onerror='alert(1)'>`;
  const hostile: [string, string][] = [
    ["markup", MARKUP],
    ["an entity", "&lt;script&gt;"],
    ["a right-to-left override", "annex\u202Egpj.exe"],
    ["control characters", "a\0b\u001B[2Jc\r\nd"],
    ["2,000 characters", "x".repeat(2_000)],
    ["a lone surrogate", "\uD800"],
    ["a word of the language's", "constructor"],
    ["another", "__proto__"],
    ["a template's end", "${alert(1)}`</style></title></textarea>"],
  ];

  test.each(hostile)("%s is text, wherever it comes from", async (_, text) => {
    const path = `/uploads/${text}`;
    const { seat, id } = await seatOf({
      destination: path,
      directory: path,
      client: text,
      lastOutcome: text,
      digest: text,
      idempotencyKey: text,
      history: [{ at: 1, event: text, outcome: text, hresult: text, status: 500, context: text, by: text }],
      lastAnswer: { status: 500, fields: [[text, text]] },
    });
    const query = new URLSearchParams({
      directory: text,
      client: text,
      path: text,
      state: text,
      cursor: text,
    });
    const pages = [
      await get(seat, `/?${query.toString()}`),
      await get(seat, `/live?${query.toString()}`),
      await get(seat, `/session/${id}`),
      await get(seat, `/session/${id}/release`),
      { status: 0, html: await (await post(seat, `/session/${id}/cancel`)).text() },
    ];
    for (const { html } of pages) {
      expect(html).not.toMatch(/<(?:script(?! src="\/_bits\/)|img|b>|style)/);
      expect(html.replaceAll("\n", "")).not.toMatch(/[\u202A-\u202E\u2066-\u2069\p{Cc}]/u);
    }
  });

  test("a time that is none breaks no page", async () => {
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, -1, 9e15]) {
      const { seat, id } = await seatOf({
        changedAt: time,
        until: time,
        history: [{ at: time, event: "started" }],
      });
      expect((await get(seat, `/session/${id}`)).status).toBe(200);
      expect((await get(seat, "/")).status).toBe(200);
    }
  });
});

describe("What the policy of the page forbids", () => {
  test("is in no page: no script or style inside, nothing from elsewhere", async () => {
    const seat = new GeneratedSeat(10_000, NOW);
    const id = await oneThatIs(seat, "held");
    for (const path of ["/", `/session/${id}`, `/session/${id}/release`, "/session/x"]) {
      const { html } = await get(seat, path);
      expect(html).not.toMatch(/\s(?:style|on[a-z]+)=/);
      expect(html).not.toMatch(/<style|<script(?! src="\/_bits\/script\.js\?[0-9a-f]{8}" defer)|javascript:/);
      expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    }
  });

  test("script and style have addresses of their own, which change with their text and are kept", async () => {
    const seat = new GeneratedSeat(10, NOW);
    const { html } = await get(seat, "/");
    for (const [, address = ""] of html.matchAll(/(?:src|href)="\/_bits(\/(?:script|style)[^"]*)"/g)) {
      const response = await pageOf(seat).request(address);
      expect(response.headers.get("Cache-Control")).toBe("private, max-age=31536000, immutable");
      expect(response.headers.get("Content-Type")).toMatch(/^text\/(?:css|javascript); charset=utf-8$/);
    }
    expect((await pageOf(seat).request("/")).headers.get("Cache-Control")).toBe("private, no-store");
  });
});

test("A seat that breaks is said to have broken, in a page without its error", async () => {
  const { seat } = await seatOf({});
  const broken = { ...seat, overview: () => Promise.reject(new Error("secret")) };
  const { status, html } = await get(broken, "/");
  expect(status).toBe(503);
  expect(html).toContain("The edge could not look");
  expect(html).not.toContain("secret");
});
