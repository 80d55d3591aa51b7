import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findSessions, ROWS } from "../../../src/operator/page/find-sessions.ts";
import { groupOf } from "../../../src/operator/page/groups.ts";
import { FIRST_VIEW, formatView, readView, type View } from "../../../src/operator/page/view.ts";
import { GeneratedSeat } from "./generated-seat.ts";

const NOW = Date.UTC(2026, 10, 27, 15, 42, 8);
const seat = new GeneratedSeat(3_000, NOW);
const overview = await seat.overview();
const everything = await seat.sessions({ limit: 3_000 });

async function allPages(view: View): Promise<{ ids: string[]; pages: number[] }> {
  const ids: string[] = [];
  const pages: number[] = [];
  for (let cursor = ""; ;) {
    const { sessions, next } = await findSessions(seat, { ...view, cursor }, overview, NOW);
    ids.push(...sessions.map(({ session }) => session));
    pages.push(sessions.length);
    if (next === null) return { ids, pages };
    if (ids.length > everything.sessions.length) throw new Error("the pages have more rows than there are");
    cursor = next;
  }
}

describe("The pages of a list", () => {
  test.each(["open", "waiting", "not-taken", "all", "receiving", "held"])(
    "%s: have every session once, the one that changed last first, and no page is empty",
    async (state) => {
      const { states } = groupOf(state);
      const fitting = everything.sessions.filter((row) => states?.includes(row.state) ?? true);
      const { ids, pages } = await allPages({ ...FIRST_VIEW, state });
      expect(ids).toEqual(fitting.map(({ session }) => session));
      expect(pages.slice(0, -1).every((rows) => rows === ROWS)).toBe(true);
      expect(pages.every((rows) => rows > 0)).toBe(true);
    },
  );

  test("are narrowed by path, client, directory and silence together", async () => {
    const { sessions } = await findSessions(
      seat,
      { ...FIRST_VIEW, path: "/uploads/backup/", directory: "/uploads/", quiet: 600 },
      overview,
      NOW,
    );
    expect(sessions.length).toBeGreaterThan(3);
    for (const { destination, changedAt } of sessions) {
      expect(destination).toMatch(/^\/uploads\/backup\//);
      expect(changedAt).toBeLessThan(NOW - 600_000);
    }
  });

  test("begin again where the cursor is nonsense", async () => {
    const first = await findSessions(seat, FIRST_VIEW, overview, NOW);
    for (const cursor of ["x", "held", "__proto__.1.x", "%", "constructor.1.x y"]) {
      const { sessions } = await findSessions(seat, { ...FIRST_VIEW, cursor }, overview, NOW);
      if (sessions.length > 0) expect(sessions).toEqual(first.sessions);
    }
  });
});

test("a view survives its way through a URL", () => {
  const text = fc.string({ maxLength: 40 }).map((value) => value.trim());
  fc.assert(
    fc.property(text, text, text, fc.nat(), text, (directory, client, path, quiet, cursor) => {
      const view = { state: "held", directory, client, path, quiet, cursor };
      const query = Object.fromEntries(new URLSearchParams(formatView(view)));
      expect(readView(query)).toEqual(view);
    }),
  );
});
