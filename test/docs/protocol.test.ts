import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { drawProtocol, PAGE } from "./draw-protocol.ts";

it("docs/protocol.md has the machine and the statuses as the code has them; if not: npm run draw:protocol", async () => {
  const page = readFileSync(PAGE, "utf8");
  expect(page).toBe(await drawProtocol(page));
}, 60_000);
