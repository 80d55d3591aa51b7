import fc from "fast-check";
import { expect, test } from "vitest";
import { FAULTS, isFault } from "../../src/protocol/faults.ts";
import { planPiece, refuseBySize } from "../../src/protocol/plan-piece.ts";

const TOTAL = 100;
const at = (offset: number) => ({ offset, total: TOTAL });

// prettier-ignore
test.each([
  ["the next piece is stored whole",                     at(10), { first: 10, length: 5, total: 100 }, { skip: 0 }],
  ["overlap: what is stored is skipped (ruling 9)",      at(10), { first: 5, length: 10, total: 100 }, { skip: 5 }],
  ["a duplicate stores nothing (ruling 9)",              at(10), { first: 0, length: 10, total: 100 }, { skip: 10 }],
  ["… however far back it lies",                         at(50), { first: 0, length: 10, total: 100 }, { skip: 10 }],
  ["a gap is refused ([MC-BUP] 3.2.5.2.6)",              at(10), { first: 11, length: 5, total: 100 }, FAULTS.offsetGap],
  ["another total is refused ([MC-BUP] 2.2.1.2)",        at(10), { first: 10, length: 5, total: 101 }, FAULTS.totalChanged],
  ["the first Fragment says the total", { offset: 0, total: null }, { first: 0, length: 5, total: 7 }, { skip: 0 }],
  ["an empty entity",                   { offset: 0, total: null }, { first: 0, length: 0, total: 0 }, { skip: 0 }],
])("%s", (_what, progress, piece, expected) => {
  expect(planPiece(progress, piece)).toEqual(expected);
});

test("whatever pieces come in whatever order, the stored bytes are the entity's first bytes", () => {
  const entity = Uint8Array.from({ length: TOTAL }, (_, index) => (index * 7) % 251);
  const piece = fc.tuple(fc.nat(TOTAL), fc.nat(40));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const stored: number[] = [];
      for (const [first, length] of pieces) {
        const bytes = [...entity.subarray(first, first + length)];
        const plan = planPiece(at(stored.length), { first, length: bytes.length, total: TOTAL });
        if (!isFault(plan)) stored.push(...bytes.slice(plan.skip));
      }
      expect(stored).toEqual([...entity.subarray(0, stored.length)]);
    }),
  );
});

// prettier-ignore
test.each([
  ["fits",                          { first: 0, last: 9, total: 10 },   null],
  ["an upload of the maximum",      { first: 0, last: 9, total: 1000 }, null],
  ["one byte more (ruling 10)",     { first: 0, last: 9, total: 1001 }, FAULTS.uploadTooLarge],
  ["a request too large (ruling 10)", { first: 0, last: 50, total: 1000 }, FAULTS.fragmentTooLarge],
])("size: %s", (_what, range, expected) => {
  expect(refuseBySize(range, { maximumUploadBytes: 1000, maximumFragmentBytes: 50 })).toEqual(expected);
});
