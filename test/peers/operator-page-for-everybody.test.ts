import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBrowser } from "../operator/page/browser.ts";
import { PROJECT } from "../support/bundle.ts";
import { type Edge, startEdge } from "../support/edge.ts";

/** The rules of axe-core, over generated sessions: every state and every page there is. */
const SCREENS = [
  { name: "light", colorScheme: "light", width: 1280 },
  { name: "dark", colorScheme: "dark", width: 1280 },
  { name: "on a phone", colorScheme: "light", width: 390 },
] as const;

let edge: Edge;
let browser: Browser;
beforeAll(async () => {
  edge = await startEdge({
    main: join(PROJECT, "test", "operator", "page", "generated-page.ts"),
    vars: { SESSIONS: 2_000 },
  });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await edge.stop();
});

/** What axe finds wrong, a line each. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate<string[]>(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(" +
      "({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)))",
  );
}

test.each(SCREENS)(
  "$name: no page breaks a rule of accessibility, or is wider than the screen",
  async (screen) => {
    const { colorScheme, width } = screen;
    const context = await browser.newContext({
      colorScheme,
      viewport: { width, height: 900 },
      bypassCSP: true,
    });
    const page = await context.newPage();
    const base = `http://127.0.0.1:${edge.httpPort}/_bits/`;
    await page.goto(`${base}?state=held`);
    const held = (await page.locator(".sessions tbody a").first().getAttribute("href")) ?? "";
    const session = new URL(held, base).href;
    for (const url of [
      base,
      `${base}?state=all`,
      `${base}?client=nobody`,
      session,
      `${session}/release`,
      `${base}session/x`,
    ]) {
      await page.goto(url);
      expect(await faultsOf(page), url).toEqual([]);
      const overhang = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(overhang, `${url} is as wide as the screen`).toBeLessThanOrEqual(0);
    }
    await context.close();
  },
);

test("the keyboard reaches every figure, filter and upload, and what it is on can be seen", async () => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${edge.httpPort}/_bits/`);
  const reached = new Set<string>();
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    const here = page.locator(":focus");
    reached.add((await here.textContent())?.trim().slice(0, 9) ?? "");
    expect(await here.evaluate("(element) => getComputedStyle(element).outlineStyle")).not.toBe("none");
  }
  for (const name of ["Skip to t", "Open", "Filter"]) {
    expect(
      [...reached].some((text) => text.startsWith(name)),
      name,
    ).toBe(true);
  }
  expect([...reached].some((text) => text.startsWith("backup-"))).toBe(true);
  await page.close();
});
