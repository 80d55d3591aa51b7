import fc from "fast-check";
import { expect, test } from "vitest";
import { isFault } from "../../src/protocol/faults.ts";
import { planPiece } from "../../src/protocol/plan-piece.ts";

const TOTAL = 100;

test("whatever pieces come in whatever order, the stored bytes are the entity's first bytes", () => {
  const entity = Uint8Array.from({ length: TOTAL }, (_, index) => (index * 7) % 251);
  const piece = fc.tuple(fc.nat(TOTAL), fc.nat(40));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const stored: number[] = [];
      for (const [first, length] of pieces) {
        const bytes = [...entity.subarray(first, first + length)];
        const progress = { offset: stored.length, total: TOTAL };
        const plan = planPiece(progress, { first, length: bytes.length, total: TOTAL });
        if (!isFault(plan)) stored.push(...bytes.slice(plan.skip));
      }
      expect(stored).toEqual([...entity.subarray(0, stored.length)]);
    }),
  );
});
