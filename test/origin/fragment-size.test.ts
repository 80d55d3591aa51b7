import { describe, expect, it } from "vitest";
import { FragmentSize } from "../../src/origin/fragment-size.ts";

const MOST = 1024 * 1024;
const LEAST = 16 * 1024;

/** Tries of a Fragment that breaks each time, until there is none. */
function triesOf(fragments: FragmentSize): number[] {
  const sizes: number[] = [];
  while (!fragments.isStuck) {
    sizes.push(fragments.size);
    fragments.broke();
  }
  return sizes;
}

describe("The size of the next Fragment for the origin", () => {
  it("is halved for good by 413, down to the least, which is a refusal of the upload", () => {
    const fragments = new FragmentSize(MOST, 0);
    expect(fragments.wasTooLarge()).toBe(true);
    fragments.acknowledged(10);
    expect([fragments.size, fragments.isNew]).toEqual([MOST / 2, false]);
    while (fragments.wasTooLarge());
    expect(fragments.size).toBe(LEAST);
  });

  it("is halved by a connection that breaks, and grows again as the origin moves on", () => {
    const fragments = new FragmentSize(MOST, 0);
    fragments.broke();
    fragments.broke();
    expect([fragments.size, fragments.isNew]).toEqual([MOST / 4, true]);
    fragments.acknowledged(10);
    fragments.acknowledged(20);
    fragments.acknowledged(30);
    expect(fragments.size).toBe(MOST);
  });

  it("has an end where each one breaks", () => {
    expect(triesOf(new FragmentSize(4 * LEAST, 0))).toEqual([4 * LEAST, 2 * LEAST, ...Array(4).fill(LEAST)]);
    expect(triesOf(new FragmentSize(LEAST, 0))).toHaveLength(4);
  });

  it("has an end where the origin stays where it is", () => {
    const fragments = new FragmentSize(MOST, 7);
    for (let times = 0; times < 4; times++) {
      expect(fragments.isStuck).toBe(false);
      fragments.acknowledged(7);
    }
    expect(fragments.isStuck).toBe(true);
  });

  it("has an end where the origin goes to and fro", () => {
    const fragments = new FragmentSize(MOST, 0);
    fragments.acknowledged(100);
    for (let times = 0; times < 4; times++) {
      fragments.acknowledged(50);
      fragments.acknowledged(100);
    }
    expect(fragments.isStuck).toBe(true);
  });

  it("has none where the origin lost some once, and takes it again, however many that are", () => {
    const fragments = new FragmentSize(MOST, 1000);
    fragments.acknowledged(0);
    for (let offset = 100; offset <= 1100; offset += 100) fragments.acknowledged(offset);
    expect(fragments.isStuck).toBe(false);
  });
});
