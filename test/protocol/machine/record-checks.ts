import assert from "node:assert/strict";
import { type Fault, FAULTS } from "../../../src/protocol/faults.ts";
import type { CommitOutcome } from "../../../src/protocol/reflect.ts";
import type { SessionRecord } from "../../../src/protocol/session-record.ts";
import type { Check } from "./machine.ts";
import { DELIVERY, SAID_507, SEALED, UNSURE, WHOLE } from "./sample-records.ts";
import { DIRECTORIES, type DirectoryName, OUTCOMES, PACKET, TOTAL } from "./session-player.ts";

const LOST: Fault = { fault: "originConnectionLost", status: 502, hresult: 0x80072efe, context: 0x7 };

const REFUSED: Fault = { fault: "originCannotConnect", status: 502, hresult: 0x80072efd, context: 0x7 };

const outcomeOf = (name: string): CommitOutcome => OUTCOMES[name] ?? { kind: "destinationExists" };

/** What an attempt leaves: of the record before it, "" and `change`; everything else stays. */
function settles(
  sentence: string,
  before: SessionRecord,
  outcome: string,
  directory: DirectoryName,
  change: Partial<SessionRecord>,
): Check {
  return [
    sentence,
    ({ settle }) =>
      assert.deepEqual(settle(before, outcomeOf(outcome), DIRECTORIES[directory], 9), {
        ...before,
        changedAt: 9,
        ...change,
      }),
  ];
}

const COMMIT = SEALED.commit;
const ORIGIN = {
  id: "{1}",
  url: "http://origin/log.txt",
  offset: 10,
  stage: "filling",
  replyUrl: null,
} as const;
const DELIVERED = { ...SEALED, delivery: DELIVERY };
const COMMITTED = { state: "committed", commit: { ...COMMIT, unknown: false }, delivery: null } as const;

const SETTLING: readonly Check[] = [
  settles("accepted: done, and nothing is unknown any more", UNSURE, "2xx", "plain", COMMITTED),
  settles("… also by an application that has nothing left to do", SEALED, "2xx", "notified", COMMITTED),
  settles(
    "accepted with a reply: delivered, and the next request has a key of its own",
    SEALED,
    "2xx",
    "reply",
    {
      state: "delivered",
      commit: null,
      delivery: { at: 9, copyToDestination: false, reply: "stored" },
    },
  ),
  settles("… with a reply that is elsewhere", SEALED, "2xx and a URL", "reply", {
    state: "delivered",
    commit: null,
    delivery: { at: 9, copyToDestination: false, reply: { url: "http://elsewhere.example/reply" } },
  }),
  settles("… without a reply, and the file is wanted", SEALED, "2xx and a copy", "notified", {
    state: "delivered",
    commit: null,
    delivery: { at: 9, copyToDestination: true, reply: null },
  }),
  settles(
    "a plain upload leaves nothing to do, whatever the origin says",
    SEALED,
    "2xx and a copy",
    "plain",
    COMMITTED,
  ),
  settles(
    "the origin's BITS server has every byte: its session is to be closed",
    SEALED,
    "2xx and a copy",
    "bits",
    {
      state: "delivered",
      commit: null,
      delivery: { at: 9, copyToDestination: true, reply: null },
    },
  ),
  settles("… and its reply is there", SEALED, "2xx and a copy and a URL", "bits", {
    state: "delivered",
    commit: null,
    delivery: { at: 9, copyToDestination: true, reply: { url: "http://elsewhere.example/reply" } },
  }),
  settles("the origin's BITS server has published it: done", SEALED, "2xx and a URL", "bits", COMMITTED),
  settles("the file is at its destination: done", DELIVERED, "2xx", "reply", COMMITTED),
  settles("refused: the bytes are kept, with what the client is told", SEALED, "507", "plain", {
    state: "failed",
    commit: { ...COMMIT, fault: SAID_507, reachedAt: 5 },
  }),
  settles("refused on the file's own way: still delivered", DELIVERED, "507", "notified", {
    state: "delivered",
    commit: { ...COMMIT, fault: SAID_507, reachedAt: 5 },
  }),
  settles("refused after an attempt of unknown outcome: that one stays unknown", UNSURE, "507", "notified", {
    state: "failed",
    commit: { ...COMMIT, unknown: true, fault: SAID_507, reachedAt: 5 },
  }),
  settles("silent: nobody knows", SEALED, "lost connection", "plain", {
    state: "failed",
    commit: { ...COMMIT, unknown: true, fault: LOST, reachedAt: 5 },
  }),
  settles("nobody listened: nothing can have reached the origin", SEALED, "no connection", "plain", {
    state: "failed",
    commit: { ...COMMIT, fault: REFUSED },
  }),
  settles(
    "after an attempt that may have reached the origin, it is that one's time that counts",
    { ...SEALED, commit: { ...COMMIT, reachedAt: 3 } },
    "no connection",
    "plain",
    { state: "failed", commit: { ...COMMIT, fault: REFUSED, reachedAt: 3 } },
  ),
  settles(
    "a record without an attempt, which no released edge has stored",
    { ...SEALED, commit: null },
    "lost connection",
    "plain",
    {
      state: "failed",
      commit: { id: "", attempts: 0, unknown: true, fault: LOST, reachedAt: 5 },
    },
  ),
  settles("… and is certainly not unknown", { ...SEALED, commit: null }, "507", "plain", {
    state: "failed",
    commit: { id: "", attempts: 0, unknown: false, fault: SAID_507, reachedAt: 5 },
  }),
];

/** What each function makes of a record, field by field. */
export const RECORD_CHECKS: readonly Check[] = [
  [
    "open: the packet's own fields, and nothing else of it",
    ({ open }) => {
      const packet = { ...PACKET, expectedDigest: "announced", more: "than a record has" };
      assert.deepEqual(open(packet, TOTAL, 5), { ...WHOLE, expectedDigest: "announced" });
    },
  ],
  [
    "open: of a packet that is no Fragment nobody knows the total",
    ({ open }) => assert.deepEqual(open(PACKET, null, 5), { ...WHOLE, total: null }),
  ],
  [
    "seal: the first attempt fixes the key",
    ({ seal }) =>
      assert.deepEqual(seal(WHOLE, "digest", "key", DIRECTORIES.plain, 9), {
        ...SEALED,
        changedAt: 9,
        commit: { ...COMMIT, attempts: 1 },
      }),
  ],
  [
    "seal: a later attempt has the same key, and what was unknown stays so",
    ({ seal }) =>
      assert.deepEqual(seal({ ...UNSURE, state: "failed" }, "digest", "another key", DIRECTORIES.plain, 9), {
        ...UNSURE,
        changedAt: 9,
        commit: { ...UNSURE.commit, attempts: 4 },
      }),
  ],
  [
    "seal: an upload for the origin's BITS server says so, where it has no session there yet",
    ({ seal }) =>
      assert.deepEqual(seal(WHOLE, "digest", "key", DIRECTORIES.bits, 9), {
        ...SEALED,
        changedAt: 9,
        commit: { ...COMMIT, attempts: 1 },
        origin: null,
      }),
  ],
  [
    "seal: … goes on in the session that it has",
    ({ seal }) =>
      assert.deepEqual(
        seal({ ...WHOLE, origin: ORIGIN }, "digest", "key", DIRECTORIES.bits, 9).origin,
        ORIGIN,
      ),
  ],
  [
    "seal: … but in another one where the origin has forgotten it, and the operator has it sent",
    ({ seal }) => {
      const origin = { ...ORIGIN, stage: "gone" } as const;
      const held: SessionRecord = { ...UNSURE, state: "failed", origin };
      assert.equal(seal(held, "digest", "key", DIRECTORIES["bits, hold"], 9).origin, null);
      const delivered: SessionRecord = { ...held, state: "delivered", delivery: DELIVERY };
      assert.equal(seal(delivered, "digest", "key", DIRECTORIES["bits, hold"], 9).origin, origin);
      const failed: SessionRecord = { ...held, origin: ORIGIN };
      assert.equal(seal(failed, "digest", "key", DIRECTORIES["bits, hold"], 9).origin, ORIGIN);
    },
  ],
  [
    "seal: one that goes in a request after all leaves it",
    ({ seal }) =>
      assert.equal(
        "origin" in seal({ ...WHOLE, origin: ORIGIN }, "digest", "key", DIRECTORIES.plain, 9),
        false,
      ),
  ],
  ...SETTLING,
  [
    "orphan: as an attempt whose connection was lost",
    ({ orphan }) =>
      assert.deepEqual(orphan(SEALED, DIRECTORIES.plain, 9), {
        ...SEALED,
        changedAt: 9,
        state: "failed",
        commit: { ...COMMIT, unknown: true, fault: LOST, reachedAt: 5 },
      }),
  ],
  [
    "bury: a tombstone keeps the attempts, and nothing is left to do",
    ({ bury }) =>
      assert.deepEqual(bury({ ...UNSURE, delivery: DELIVERY }, "cancelled", 9), {
        ...UNSURE,
        state: "cancelled",
        changedAt: 9,
      }),
  ],
  [
    "bury: of a session that was never sealed, with what Close-Session is told",
    ({ bury }) =>
      assert.deepEqual(bury(WHOLE, "discarded", 9, FAULTS.digestMismatch), {
        ...WHOLE,
        state: "discarded",
        changedAt: 9,
        commit: { id: "", attempts: 0, unknown: false, fault: FAULTS.digestMismatch },
      }),
  ],
  [
    "finish: a tombstone without anything left to do",
    ({ finish }) =>
      assert.deepEqual(finish({ ...DELIVERED, state: "delivered" }, 9), {
        ...SEALED,
        state: "committed",
        changedAt: 9,
      }),
  ],
];
