import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Coverage } from "./coverage.ts";
import { seedOf } from "./dice.ts";
import { FIXED_SEEDS } from "./fixed-seeds.ts";
import { PLANTS, VARIANTS } from "./plants.ts";
import { runWorld } from "./shrink.ts";

test("one seed is one story, twice", async () => {
  for (let index = 0; index < 25; index += 1) {
    const seed = seedOf(20_261_127, index);
    const first = await runWorld(seed, new Coverage(), { isTold: true });
    const second = await runWorld(seed, new Coverage(), { isTold: true });
    expect(second.story).toBe(first.story);
    expect(second.fired).toEqual(first.fired);
    expect(second.events).toBe(first.events);
  }
});

test("a fault that is left out changes no other throw of the dice", async () => {
  const seed = seedOf(20_261_127, 1);
  const whole = await runWorld(seed, new Coverage());
  const same = await runWorld(seed, new Coverage(), { allowed: new Set(whole.fired) });
  expect(same.fired).toEqual(whole.fired);
  const none = await runWorld(seed, new Coverage(), { allowed: new Set() });
  expect(none.fired).toEqual([]);
});

test.each(FIXED_SEEDS)("holds in a world that once broke: $story", async ({ seed }) => {
  const { broke, story } = await runWorld(seed, new Coverage(), { isTold: true });
  expect(broke, story).toBeNull();
});

test("every fault can still be planted", () => {
  for (const { file, changes, name } of [...PLANTS, ...VARIANTS]) {
    const text = readFileSync(join(import.meta.dirname, "../../src", file), "utf8");
    for (const [from] of changes) expect(text.includes(from), `${name}: ${from}`).toBe(true);
  }
});

test.each(["the request leaves before the seal", "no alarm is set with the seal"])(
  "finds what is planted: %s",
  (only) => {
    const hunt = join(import.meta.dirname, "hunt.ts");
    const { status, stdout } = spawnSync(process.execPath, [hunt, "--cores", "1", "--only", only], {
      encoding: "utf8",
    });
    expect(status, stdout).toBe(0);
    expect(stdout).toContain(only);
  },
);
