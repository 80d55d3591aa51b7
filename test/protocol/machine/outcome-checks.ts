import assert from "node:assert/strict";
import { FAULTS } from "../../../src/protocol/faults.ts";
import type { CommitOutcome, Silence } from "../../../src/protocol/reflect.ts";
import type { Check } from "./machine.ts";

const refused = (status: number, hresult: number | null = null): CommitOutcome => ({
  kind: "refused",
  status,
  hresult,
});
const silent = (why: Silence, mayHaveArrived = true): CommitOutcome => ({
  kind: "silent",
  why,
  mayHaveArrived,
});
const accepted = (status: number): CommitOutcome => ({
  kind: "accepted",
  status,
  copyToDestination: false,
  staticReplyUrl: null,
});

/** Statuses that do not leave as they are (ruling 16, statuses of the application). */
// prettier-ignore
const CHANGED: ReadonlyMap<number, number> = new Map([
  [401, 403], [407, 403],                         // no challenge that was meant for the edge
  [413, 403], [416, 403],                         // no word of the protocol
  [408, 503], [423, 503], [425, 503], [429, 503], // what passes by itself is tried again
  [501, 500], [505, 500],                         // what clients take for final, and is not
]);

// prettier-ignore
const TOLD: readonly (readonly [string, CommitOutcome, string, number, number])[] = [
  // the application                                             to the client
  ["a redirect is not followed",             refused(302),       "applicationRefused",   502, 0x8019012e],
  ["no status is 399",                       refused(399),       "applicationRefused",   502, 0x8019018f],
  ["no status is 600",                       refused(600),       "applicationRefused",   502, 0x80190258],
  ["its own code is kept",                   refused(409, 0x80041234), "applicationRefused", 409, 0x80041234],
  ["… where its status is not",              refused(413, 0x80041234), "applicationRefused", 403, 0x80041234],
  ["its code is no word of the protocol",    refused(500, 0x8020001f), "applicationRefused", 500, 0x801901f4],
  ["silence",                                silent("timedOut"),       "originTimedOut",  504, 0x80072ee2],
  ["nobody listens",                         silent("cannotConnect"),  "originCannotConnect", 502, 0x80072efd],
  ["a broken connection",                    silent("connectionLost"), "originConnectionLost", 502, 0x80072efe],
  ["a reply that is too large is final (ruling 26, reply too large)", { kind: "replyTooLarge", status: 200 }, "replyTooLarge", 403, 0x800700df],
];

// prettier-ignore
const ARRIVED: readonly (readonly [string, CommitOutcome, boolean])[] = [
  ["no answer",                  silent("timedOut"),              true],
  ["no connection",              silent("cannotConnect", false),  false],
  ["a gateway's 502",            refused(502),                    true],
  ["a gateway's 504",            refused(504),                    true],
  ["500",                        refused(500),                    false],
  ["503",                        refused(503),                    false],
  ["a file is there",            { kind: "destinationExists" },   false],
  ["accepted",                   accepted(200),                   false],
];

/** What the client is told of an attempt, and what is known of it (rulings 16 and 19). */
export const OUTCOME_CHECKS: readonly Check[] = [
  ...Array.from({ length: 200 }, (_, index): Check => {
    const status = 400 + index;
    const told = CHANGED.get(status) ?? status;
    return [
      `the application's ${status} is the client's ${told}`,
      ({ reflect }) =>
        assert.deepEqual(reflect(refused(status)), {
          fault: "applicationRefused",
          status: told,
          hresult: 0x80190000 + status,
          context: 0x7,
        }),
    ];
  }),
  ...TOLD.map(([sentence, outcome, fault, status, hresult]): Check => [
    sentence,
    ({ reflect }) => assert.deepEqual(reflect(outcome), { fault, status, hresult, context: 0x7 }),
  ]),
  ...[200, 201, 202, 204, 299].map((status): Check => [
    `${status} is success`,
    ({ reflect }) => assert.equal(reflect(accepted(status)), null),
  ]),
  ...([0x5, 0x7] as const).flatMap((context): Check[] => [
    [
      `the origin's BITS server says whose error it is: ${context}`,
      ({ reflect }) =>
        assert.equal(reflect({ kind: "refused", status: 500, hresult: null, context })?.context, context),
    ],
    [
      `silence on the way to it is whose it is: ${context}`,
      ({ reflect }) =>
        assert.equal(
          reflect({ kind: "silent", why: "timedOut", mayHaveArrived: true, context })?.context,
          context,
        ),
    ],
  ]),
  [
    "a destination that exists is the edge's own refusal (ruling 13, not enabled, exists, no right)",
    ({ reflect }) => assert.deepEqual(reflect({ kind: "destinationExists" }), FAULTS.destinationExists),
  ],
  ...ARRIVED.map(([sentence, outcome, expected]): Check => [
    `${sentence}: the application ${expected ? "may have" : "certainly has not"} taken the upload`,
    ({ mayHaveArrived }) => assert.equal(mayHaveArrived(outcome), expected),
  ]),
];
