// The pictures of docs/operator.md: `npm run draw:page`. What they show is generated, and always the same.
import { join } from "node:path";
import { PROJECT } from "../../support/bundle.ts";
import { startEdge } from "../../support/edge.ts";
import { startBrowser } from "./browser.ts";

const NOW = Date.UTC(2026, 10, 27, 15, 42, 8);
const FOLDER = process.argv[2] ?? join(PROJECT, "docs", "images");
const SCREENS = [
  { name: "page-light", path: "", colorScheme: "light", width: 1280, height: 1000 },
  { name: "page-dark", path: "", colorScheme: "dark", width: 1280, height: 1000 },
  { name: "page-phone", path: "", colorScheme: "light", width: 390, height: 1300 },
  { name: "page-session", path: "held", colorScheme: "light", width: 1280, height: 760 },
] as const;

await using edge = await startEdge({
  main: join(PROJECT, "test", "operator", "page", "generated-page.ts"),
  vars: { SESSIONS: 10_000 },
});
const url = `http://127.0.0.1:${edge.httpPort}/_bits/`;
const browser = await startBrowser();
try {
  for (const { name, path, colorScheme, width, height } of SCREENS) {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width, height },
      timezoneId: "UTC",
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    await page.clock.setFixedTime(NOW);
    await page.goto(path === "held" ? `${url}?state=held` : url);
    if (path === "held") await page.locator(".sessions tbody a").first().click();
    await page.locator("[data-state=Live]").waitFor();
    await page.screenshot({ path: join(FOLDER, `${name}.png`) });
    await context.close();
  }
} finally {
  await browser.close();
}
