import assert from "node:assert/strict";
import { type Fault, FAULTS } from "../../../src/protocol/faults.ts";
import type { SessionRecord } from "../../../src/protocol/session-record.ts";
import type { SessionState } from "../../../src/protocol/transitions.ts";
import type { Check } from "./machine.ts";
import { DELIVERY, SAID_507, SEALED, UNSURE, WHOLE } from "./sample-records.ts";
import { DIRECTORIES, type DirectoryName } from "./session-player.ts";

const COMMIT = SEALED.commit;

const failed = (status: number, unknown = false): SessionRecord => ({
  ...SEALED,
  state: "failed",
  commit: { ...COMMIT, unknown, fault: { ...SAID_507, status } },
});
const at = (state: SessionRecord["state"], change: Partial<SessionRecord> = {}): SessionRecord => ({
  ...SEALED,
  state,
  ...change,
});

// prettier-ignore
const STATES: readonly (readonly [SessionRecord | null, number, DirectoryName | null, boolean, SessionState])[] = [
  // record                            offset  directory            runs   state
  [null,                               0,      "plain",             false, "new"],
  [null,                               0,      null,                false, "new"],
  [{ ...WHOLE, total: null },          0,      "plain",             false, "receiving"],
  [WHOLE,                              0,      "plain",             false, "receiving"],
  [WHOLE,                              19,     "plain",             false, "receiving"],
  [WHOLE,                              20,     "plain",             false, "complete"],
  [{ ...WHOLE, total: 0 },             0,      "plain",             false, "complete"],
  [WHOLE,                              20,     "plain",             true,  "committing"],
  [SEALED,                             20,     "plain",             true,  "committing"],
  [at("delivered"),                    20,     "reply",             true,  "committing"],
  [SEALED,                             20,     "plain",             false, "orphaned"],
  [failed(507),                        20,     "notified, hold",    false, "failed"],
  [failed(403),                        20,     "notified",          false, "refused"],
  [failed(403, true),                  20,     "notified, hold",    false, "refused"],
  [failed(502, true),                  20,     "notified",          false, "failed"],
  [failed(502, true),                  20,     "notified, hold",    false, "held"],
  [failed(502, true),                  20,     "by reference, hold", false, "held"],
  [failed(502, true),                  20,     "plain, hold",       false, "failed"],
  [failed(502, true),                  20,     null,                false, "failed"],
  [at("failed", { commit: null }),     20,     "notified, hold",    false, "failed"],
  [at("delivered"),                    20,     "reply",             false, "delivered"],
  [at("delivered", { commit: UNSURE.commit }), 20, "notified, hold", false, "delivered"],
  [at("committed"),                    0,      "plain",             false, "committed"],
  [at("committed"),                    20,     "plain",             false, "committed"],
  [at("discarded"),                    0,      "plain",             false, "discarded"],
  [at("cancelled"),                    0,      "plain",             false, "cancelled"],
];

/** Where a session stands, derived from what is stored of it. */
export const STATE_CHECKS: readonly Check[] = STATES.map(
  ([record, offset, directory, isRunning, state], row): Check => [
    `row ${row + 1}: ${record?.state ?? "nothing"} with ${offset} bytes is ${state}`,
    ({ stateOf }) => {
      const rules = directory === null ? null : DIRECTORIES[directory];
      assert.equal(stateOf(record, offset, rules, isRunning), state);
    },
  ],
);

// prettier-ignore
const NEEDS: readonly (readonly [SessionRecord["state"], Partial<SessionRecord>, boolean, boolean])[] = [
  // state        of which                                          entity  reply
  ["receiving",  {},                                                true,   true],
  ["committing", {},                                                true,   true],
  ["failed",     {},                                                true,   false],
  ["delivered",  { delivery: DELIVERY },                            true,   true],
  ["delivered",  { delivery: { ...DELIVERY, copyToDestination: false } }, false, true],
  ["delivered",  { delivery: null },                                false,  true],
  ["committed",  {},                                                false,  false],
  ["discarded",  {},                                                false,  false],
  ["cancelled",  {},                                                false,  false],
];

/** Which sessions are over. */
export const TOMBSTONE_CHECKS: readonly Check[] = NEEDS.map(([state]): Check => {
  const isOver = ["committed", "discarded", "cancelled"].includes(state);
  return [
    `${state} is ${isOver ? "a tombstone" : "not over"}`,
    ({ isTombstone }) => assert.equal(isTombstone(at(state)), isOver),
  ];
});

/** Which bytes are kept. */
export const NEEDS_CHECKS: readonly Check[] = NEEDS.map(([state, change, entity, reply], row): Check => [
  `row ${row + 1}: ${state} keeps ${[entity ? "its bytes" : "", reply ? "its reply" : ""].filter(Boolean).join(" and ") || "nothing"}`,
  ({ needs }) => assert.deepEqual(needs(at(state, change)), { entity, reply }),
]);

const OTHER = FAULTS.storageFull;

// prettier-ignore
const RESULTS: readonly (readonly [SessionState, Fault | null, Fault | null])[] = [
  // state       stored         told
  ["new",        null,          FAULTS.edgeFailed],
  ["receiving",  null,          FAULTS.edgeFailed],
  ["complete",   OTHER,         OTHER],
  ["committing", null,          FAULTS.edgeFailed],
  ["orphaned",   null,          FAULTS.edgeFailed],
  ["failed",     SAID_507,      SAID_507],
  ["failed",     null,          FAULTS.edgeFailed],
  ["refused",    SAID_507,      SAID_507],
  ["delivered",  SAID_507,      null],
  ["committed",  SAID_507,      null],
  ["discarded",  null,          FAULTS.closedTooEarly],
  ["discarded",  OTHER,         OTHER],
  ["cancelled",  OTHER,         FAULTS.sessionUnknown],
];

/** What a session says again and again. */
export const RESULT_CHECKS: readonly Check[] = [
  ...RESULTS.map(([state, stored, fault], row): Check => [
    `row ${row + 1}: ${state} says ${fault?.fault ?? "200"}`,
    ({ resultOf }) =>
      assert.deepEqual(resultOf(state, { ...SEALED, commit: { ...COMMIT, fault: stored } }), {
        offset: null,
        fault,
      }),
  ]),
  [
    "a session that is held says 503 with the application's context",
    ({ resultOf }) =>
      assert.deepEqual(resultOf("held", SEALED), {
        offset: null,
        fault: { fault: "held", status: 503, hresult: 0x801901f7, context: 0x7 },
      }),
  ],
  [
    "nothing is stored: 503",
    ({ resultOf }) => assert.deepEqual(resultOf("new", null), { offset: null, fault: FAULTS.edgeFailed }),
  ],
  [
    "a commit that goes on longer than a client waits: 504, and the client comes again",
    ({ STILL_RUNNING }) =>
      assert.deepEqual(STILL_RUNNING, {
        offset: null,
        fault: { fault: "originTimedOut", status: 504, hresult: 0x80072ee2, context: 0x7 },
      }),
  ],
  [
    "a session that nobody knows",
    ({ UNKNOWN }) => assert.deepEqual(UNKNOWN, { offset: null, fault: FAULTS.sessionUnknown }),
  ],
];
