/** A fault that is put into a copy of `src` for a moment, to see that the simulation finds it. */
export interface Plant {
  readonly name: string;
  /** Below `src`. */
  readonly file: string;
  /** Text of the file, and what it becomes. */
  readonly changes: readonly (readonly [from: string, to: string])[];
  /** A variant in which alone it shows. */
  readonly also?: Plant;
}

const plant = (name: string, file: string, ...changes: Plant["changes"]): Plant => ({ name, file, changes });

const TWO_ROWS = plant("two rows are removed in one step", "session/erase.ts", [
  "const SLICE_ROWS = 256",
  "const SLICE_ROWS = 2",
]);

export const PLANTS: readonly Plant[] = [
  plant("the request leaves before the seal is on disk", "session/outbox.ts", [
    "await store.confirmed();",
    "",
  ]),
  plant("a piece that could not be stored is acknowledged", "session/intake.ts", [
    "return { offset: store.offset, fault: isFull ? FAULTS.storageFull : FAULTS.edgeFailed };",
    "return { offset: first + bytes.byteLength, fault: null };",
  ]),
  plant("each attempt has a key of its own", "protocol/transitions.ts", [
    "record.commit ?? { ...NO_ATTEMPT, id: freshId }",
    "{ ...(record.commit ?? NO_ATTEMPT), id: freshId }",
  ]),
  plant("no alarm is set with the seal", "session/outbox.ts", [
    "sealed.changedAt + RESUME_AFTER_MS",
    "Number.MAX_SAFE_INTEGER",
  ]),
  plant("an attempt that nobody saw end did not arrive", "protocol/transitions.ts", [
    "mayHaveArrived: true }",
    "mayHaveArrived: false }",
  ]),
  plant("a later answer clears an earlier doubt", "protocol/transitions.ts", [
    "const maybe = unknown || (",
    "const maybe = (",
  ]),
  plant("a session ends after half its time", "session/lifetime.ts", [
    "heardAt) + timeoutMsIn(directory)",
    "heardAt) + timeoutMsIn(directory) / 2",
  ]),
  plant("pieces do not prolong a session", "session/lifetime.ts", [
    "Math.max(issuedAt, changedAt, heardAt)",
    "Math.max(issuedAt, changedAt)",
  ]),
  plant(
    "a digest with a gap counts as whole",
    "session/entity-digest.ts",
    ["if (offset !== this.#length) return;", ""],
    ["this.#length += bytes.byteLength;", "this.#length = offset + bytes.byteLength;"],
  ),
  plant("a piece's memory goes before the digest has read it", "session/intake.ts", [
    "void this.#digest.append(before, news).then(() => letGo(bytes));",
    "void this.#digest.append(before, news); letGo(bytes);",
  ]),
  plant("a failed attempt releases the bytes", "protocol/transitions.ts", [
    "return { entity: true, reply: false };",
    "return { entity: false, reply: false };",
  ]),
  plant("bytes are released before the request leaves", "session/outbox.ts", [
    "const outcome = await this.#deliver",
    "store.fragments.removeSome(false); const outcome = await this.#deliver",
  ]),
  plant("a neighbour's bytes are erased with a session's", "session/erase.ts", [
    "[key, first, key, last]",
    "[key, first, key + 1, last]",
  ]),
  plant("the tables that sessions share are dropped", "session/stored-bytes.ts", [
    "const isDropped = mayDrop && ",
    "const isDropped = ",
  ]),
  plant("the end of one session removes the whole object", "session/session-store.ts", [
    "if (!tables.isShared && !tables.hasOpenSessions && !tables.hasSegments) {",
    "if (tables.has('sessions')) {",
  ]),
  plant("staged Fragments get the keys of an earlier life's", "session/staged-fragments.ts", [
    "this.#lastKey = this.#leftOver;",
    "this.#lastKey = 0;",
  ]),
  plant("overlap is not trimmed", "protocol/plan-piece.ts", [
    "{ skip: Math.min(progress.offset - piece.first, piece.length) }",
    "{ skip: 0 }",
  ]),
  plant("a gap is filled with what comes after it", "protocol/plan-piece.ts", [
    "if (piece.first > progress.offset) return FAULTS.offsetGap;",
    "if (piece.first > progress.offset) return { skip: 0 };",
  ]),
  plant("two attempts run at one time", "session/outbox.ts", ["if (this.#running !== null) return;", ""]),
  plant(
    "a session that is at work is let go of",
    "session/session-host.ts",
    ["const MOST_LIVE = 256", "const MOST_LIVE = 1"],
    ["&& !session.isBusy", ""],
  ),
  plant("Close before the last byte commits", "protocol/transitions.ts", [
    'Complete: "deny",     Close: "discard",    Cancel: "cancel" },\n  complete',
    'Complete: "deny",     Close: "commit",    Cancel: "cancel" },\n  complete',
  ]),
  plant("a success is run again", "protocol/transitions.ts", [
    'committed:  { Fragment: "acknowledge",   Complete: "replay",   Close: "replay"',
    'committed:  { Fragment: "acknowledge",   Complete: "replay",   Close: "commit"',
  ]),
  plant("a cancel does not wait for the attempt that runs", "protocol/transitions.ts", [
    'Cancel: "await"',
    'Cancel: "cancel"',
  ]),
  plant("a result is not stored", "session/outbox.ts", ["this.#session.settle(settled);", ""]),
  plant("a session that is over is still counted", "session/session.ts", [
    "if (hasEnded) this.place.releaseHere();",
    "",
  ]),
  plant("a digest that is wrong is not looked at", "session/outbox.ts", [
    "record.expectedDigest !== null && record.expectedDigest !== digest",
    "record.expectedDigest === digest && record.expectedDigest !== digest",
  ]),
  plant("a hold directory does not hold", "protocol/transitions.ts", [
    'directory.unknownOutcome === "retry"',
    'directory.unknownOutcome !== "retry"',
  ]),
  plant("an orphan is sent without being settled", "session/outbox.ts", [
    "if (!this.#settleOrphan(directory)) return;",
    "",
  ]),
  plant("the file goes with the notification's key", "protocol/transitions.ts", [
    '{ ...base, commit: null, delivery, state: "delivered" }',
    '{ ...base, commit: { id, attempts, unknown: false, fault: null }, delivery, state: "delivered" }',
  ]),
  {
    // A reply of few rows goes with the result of the attempt, in the same step.
    ...plant("what an attempt left of a reply stays", "session/outbox.ts", [
      "if (record.delivery === null) await this.#clearReply();",
      "",
    ]),
    also: TWO_ROWS,
  },
  plant("Close says 200 before the file is at its destination", "session/ending.ts", [
    "return { offset: null, fault: this.#session.store.record?.commit?.fault ?? STILL_RUNNING.fault };",
    "return { offset: null, fault: null };",
  ]),
  plant("a tombstone keeps the bytes", "session/session.ts", [
    "this.store.saveAndRelease(record,",
    "this.store.save(record,",
  ]),
  plant("the alarm forgets who is due later", "session/alarm-round.ts", [
    "alarm.wakeBy(Math.min(again, tables.firstDueAfter(now)));",
    "alarm.wakeBy(again);",
  ]),
  plant("what a full disk refused stays in memory", "session/session-store.ts", [
    "this.#kept = load(this.#id, this.#surroundings);\n      alarm",
    "alarm",
  ]),
  plant(
    "a client's place is not given back with the tombstone",
    "session/session.ts",
    ["if (hasEnded) this.place.releaseHere();", ""],
    [
      "if (hasEnded) this.place.releaseElsewhere();",
      "if (hasEnded) { this.place.releaseHere(); this.place.releaseElsewhere(); }",
    ],
  ),
  plant("a result is not read in one go with where the session stands", "session/ending.ts", [
    "const hasEnded = await this.#handOver(directory);\n    if (!this.#isUnfinished) return this.#resultIf(hasEnded);",
    "const answer = await this.#handOver(directory).then((hasEnded) => this.#resultIf(hasEnded));\n    if (!this.#isUnfinished) return answer;",
  ]),
  plant(
    "zeros that a full disk refuses to remove stay",
    "session/scrub.ts",
    ["storage.transactionSync(() => {", "for (const run of [() => {"],
    ["      });\n      await giveWay", "      }]) run();\n      await giveWay"],
  ),
  plant("bytes that a full disk refused to remove are forgotten", "session/sweeper.ts", [
    "this.#refused.add(sweepable);",
    "",
  ]),
  plant("nobody comes by for what an earlier life has left staged", "session/alarm-round.ts", [
    'tables.hasErased || tables.has("staged")',
    "tables.hasErased",
  ]),
  plant(
    "the last byte leaves for an origin's BITS server before the record says so",
    "origin/hand-over-bits.ts",
    ['if (end === length && session.stage === "filling")', "if (end > length)"],
  ),
  plant("a session that the origin has forgotten is always begun again", "origin/hand-over-bits.ts", [
    "if (!mayCount(session) || this.#bits.mayStartOver) {",
    'if (session.id !== "") {',
  ]),
  plant("how far the origin is goes by what was sent", "origin/hand-over-bits.ts", [
    'ack.offset ?? (ack.is === "ok" ? end : session.offset)',
    "end",
  ]),
  plant("a file at the origin is not read back", "origin/hand-over-bits.ts", [
    'if (session.stage === "closing") {',
    'if (session.stage === "gone") {',
  ]),
  plant("an origin's session is not stored", "origin/hand-over-bits.ts", [
    "    this.#session = session;\n    await this.#bits.save(session);",
    "    this.#session = session;",
  ]),
  plant("bytes are removed before a segment has them", "session/mover.ts", [
    "await this.#send(moved, rows);",
    "const sent = this.#send(moved, rows); store.atomically(() => void store.fragments.endMoving(moved, end)); await sent;",
  ]),
  plant("segments of a session that is over stay", "session/entity-bytes.ts", [
    "moved.release(this.#key)",
    "moved.of(this.#key) !== null",
  ]),
  plant("nobody comes by for segments that did not answer", "session/alarm-round.ts", [
    "segments.lookAfter();",
    "",
  ]),
  plant("a segment stores what it has already", "session/segment-store.ts", [
    "Math.min(this.#bytes.length - at, piece.byteLength)",
    "0",
  ]),
  plant("an alarm that is set is moved to later", "session/alarm.ts", [
    "if (this.#ringsAt !== null && this.#ringsAt <= time) return;",
    "",
  ]),
  plant("a new life moves the alarm of the one before", "session/alarm.ts", [
    "Math.min(time, this.#firstDue())",
    "time",
  ]),
];

/** Other sizes, which are no faults: what takes gigabytes, or hundreds of sessions, comes up in small worlds too. No law may break. */
export const VARIANTS: readonly Plant[] = [
  plant("sessions are let go of as soon as another is heard of", "session/session-host.ts", [
    "const MOST_LIVE = 256",
    "const MOST_LIVE = 1",
  ]),
  TWO_ROWS,
  plant(
    "an upload is read in rows of twenty bytes",
    "session/stored-bytes.ts",
    ["const READ_AHEAD_BYTES = 1024 * 1024", "const READ_AHEAD_BYTES = 20"],
    ["const DROPPED_AT_ONCE_BYTES = 16 * 1024 * 1024", "const DROPPED_AT_ONCE_BYTES = 40"],
  ),
  plant("a segment is read twenty bytes at a time", "session/read-entity.ts", [
    "const READ_BYTES = 1024 * 1024",
    "const READ_BYTES = 20",
  ]),
  plant("twenty bytes move in a step", "session/mover.ts", [
    "const STEP_BYTES = SLICE_BYTES",
    "const STEP_BYTES = 20",
  ]),
  plant("one session is looked after in a row", "session/alarm-round.ts", [
    "const WOKEN_IN_A_ROW = 50",
    "const WOKEN_IN_A_ROW = 1",
  ]),
  plant("a digest gives way after ten bytes", "session/entity-digest.ts", [
    "const READ_IN_A_ROW_BYTES = 4 * 1024 * 1024",
    "const READ_IN_A_ROW_BYTES = 10",
  ]),
];
