import { expect, test } from "vitest";
import { countPasses, formatVia } from "../../src/http1/via.ts";

test("a gateway adds itself behind those before it", () => {
  expect(formatVia(null)).toBe("1.1 bits-edge");
  expect(formatVia("")).toBe("1.1 bits-edge");
  expect(formatVia("1.0 fred, 1.1 p.example.net")).toBe("1.0 fred, 1.1 p.example.net, 1.1 bits-edge");
});

test.for<[string | null, number]>([
  [null, 0],
  ["1.1 other", 0],
  ["1.1 bits-edge", 1],
  ["1.0 fred, HTTP/1.1 bits-edge (x),1.1 BITS-EDGE", 2],
  ["1.1 not-bits-edge, 1.1 bits-edge-2", 0],
])("%j has been through an edge %i times", ([via, times]) => expect(countPasses(via)).toBe(times));

test("what it writes is counted", () => expect(countPasses(formatVia(formatVia(null)))).toBe(2));
