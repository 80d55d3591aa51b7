import assert from "node:assert/strict";
import { type Fault, FAULTS } from "../../../src/protocol/faults.ts";
import type { Check } from "./machine.ts";

const NEW = { offset: 0, total: null };
const at = (offset: number) => ({ offset, total: 100 });
const piece = (first: number, length: number, total = 100) => ({ first, length, total });

type Plan = { readonly skip: number } | Fault;

// prettier-ignore
const PLANS: readonly (readonly [string, ReturnType<typeof at> | typeof NEW, ReturnType<typeof piece>, Plan])[] = [
  ["the next piece is stored whole",                             at(10), piece(10, 5),       { skip: 0 }],
  ["what is stored is skipped (ruling 9, overlap is trimmed)",   at(10), piece(5, 10),       { skip: 5 }],
  ["a duplicate stores nothing (ruling 9, overlap is trimmed)",  at(10), piece(0, 10),       { skip: 10 }],
  ["… however far back it lies",                                 at(50), piece(0, 10),       { skip: 10 }],
  ["a gap is refused ([MC-BUP] 3.2.5.2.6)",                      at(10), piece(11, 5),       FAULTS.offsetGap],
  ["another total is refused ([MC-BUP] 2.2.1.2)",                at(10), piece(10, 5, 101),  FAULTS.totalChanged],
  ["… also where there is a gap",                                at(10), piece(11, 5, 99),   FAULTS.totalChanged],
  ["the first Fragment says the total",                          NEW,    piece(0, 5, 7),     { skip: 0 }],
  ["an empty entity",                                            NEW,    piece(0, 0, 0),     { skip: 0 }],
];

const LIMITS = { maximumUploadBytes: 1000, maximumFragmentBytes: 50 };

// prettier-ignore
const SIZES: readonly (readonly [string, number, number, number, Fault | null])[] = [
  //                                                        first last total
  ["a request of the largest size, of the largest upload",  0,    49,  1000, null],
  ["an upload of a byte more (ruling 10, limits of size)",  0,    9,   1001, FAULTS.uploadTooLarge],
  ["a request of a byte more (ruling 10, limits of size)",  10,   60,  1000, FAULTS.fragmentTooLarge],
  ["both: the upload's is told, which is final",            0,    50,  1001, FAULTS.uploadTooLarge],
];

/** Which bytes of a piece are new, and which Fragments are taken at all. */
export const PIECE_CHECKS: readonly Check[] = [
  ...PLANS.map(([sentence, progress, asked, expected]): Check => [
    sentence,
    ({ planPiece }) => assert.deepEqual(planPiece(progress, asked), expected),
  ]),
  ...SIZES.map(([sentence, first, last, total, expected]): Check => [
    sentence,
    ({ refuseBySize }) => assert.deepEqual(refuseBySize({ first, last, total }, LIMITS), expected),
  ]),
];
