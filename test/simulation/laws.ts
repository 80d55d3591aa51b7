import type { CommitRequest } from "../../src/origin/commit-request.ts";
import { mayHaveArrived } from "../../src/protocol/reflect.ts";
import type { Answer } from "../../src/protocol/session-answer.ts";
import type { Disk } from "./disk.ts";
import type { Attempt, Upload } from "./upload.ts";
import type { Judge, Life, Machine, Stage } from "./stage.ts";

/** A law did not hold. */
export class Broken extends Error {
  readonly law: string;

  constructor(law: string, how: string) {
    super(`${law}: ${how}`);
    this.law = law;
  }
}

const UNKNOWN_SESSION = 0x8020001f;
/** What a row that is due now may wait for its alarm: the sweeper's second look, and an hour's sixtieth after a failure. */
const LOOK_AGAIN_MS = 10_001;
const RETRY_MS = 60_001;

/** States of a record whose bytes will still be read; and those of a session that has ended. */
const NEEDY = new Set(["receiving", "committing", "failed"]);
const OVER = new Set(["committed", "discarded", "cancelled"]);

/** It was cancelled by being removed as a whole: after two deaths in a row, or since its record could not be read. */
function hasNoTombstone({ mayBeCancelled, isErased, isDamaged }: Upload): boolean {
  return mayBeCancelled && (isErased || isDamaged);
}

/** What is promised, checked whenever somebody learns something. docs/guarantees.md names them. */
export class Laws implements Judge {
  /** The first law that did not hold. */
  broke: Broken | null = null;
  readonly uploads: Upload[] = [];
  readonly #world: Stage;
  /** By disk, as it was at its version: asked after every event, and seldom another. */
  readonly #firstDues = new Map<Disk, { readonly version: number; readonly due: number | null }>();

  constructor(world: Stage) {
    this.#world = world;
  }

  broken(law: string, how: string): void {
    if (this.broke !== null) return;
    this.broke = new Broken(law, how);
    this.#world.story.tell("LAW", this.broke.message);
  }

  /** A request leaves for the application. */
  begins({ method, url, headers }: CommitRequest, life: Life, purpose: Attempt["purpose"]): Attempt {
    const id = headers.get("BITS-Session-Id")?.slice(1, -1);
    const upload = this.uploads.find((one) => one.id === id);
    if (upload === undefined) throw new Broken("a request names its session", String(id));
    const key = headers.get("Idempotency-Key") ?? "";
    const before = upload.attempts.filter((one) => one.purpose === purpose);
    const number = upload.attempts.length + 1;
    const attempt = { upload, key, purpose, life, number, url } as const;
    const begun: Attempt = { ...attempt, isTaken: false, isRemembered: false, outcome: null };
    this.#mayBegin(begun, before);
    if (headers.get("Repr-Digest") !== `sha-256=:${upload.digest}:`)
      this.broken("a request carries the digest of the client's bytes", headers.get("Repr-Digest") ?? "none");
    upload.attempts.push(begun);
    this.#world.story.tell("origin", `is asked: ${method} ${key} of ${upload.client}`);
    return begun;
  }

  #mayBegin({ upload, key, purpose, life }: Attempt, before: readonly Attempt[]): void {
    // Where there is no tombstone, a Fragment that comes late begins the session anew, with another key.
    if (hasNoTombstone(upload)) return;
    if (upload.isCancelled) this.broken("nothing is sent after a cancel's 200", upload.client);
    if (upload.isClosed) this.broken("nothing is sent after a close's 200", upload.client);
    if (upload.isDigestWrong)
      this.broken("what is not what its client announced is never sent", upload.client);
    const other = this.uploads.some((one) =>
      one.attempts.some((past) => past.key === key && (one !== upload || past.purpose !== purpose)),
    );
    if (key === "" || other) this.broken("a key is one upload's", key);
    if (before.some((past) => past.key !== key)) this.broken("an upload has one key for ever", key);
    if (before.some((past) => past.life === life && past.outcome === null))
      this.broken("one attempt at a time", upload.client);
    const { notification, unknownOutcome } = upload.directory;
    const { clock, heldSince } = this.#world;
    // An attempt that was decided a moment before the setting changed still leaves.
    const isHold = unknownOutcome === "hold" || clock > heldSince + 1_000;
    const isOnce = notification !== "none" && purpose === "notify" && isHold;
    const isUnsure = before.some(({ outcome }) => outcome === null || mayHaveArrived(outcome));
    if (isOnce && isUnsure) this.broken("a hold directory sends nothing twice", upload.client);
    const wasSeen = before.some((past) => past.outcome?.kind === "accepted" && past.life === life);
    if (wasSeen && !this.#world.wasDiskFull)
      this.broken("what was accepted is not sent again", upload.client);
    const isPutEarly =
      purpose === "put" &&
      notification !== "none" &&
      !upload.attempts.some((past) => past.purpose === "notify" && past.isTaken);
    if (isPutEarly) this.broken("a file is put when the application has asked for it", upload.client);
  }

  /** The application takes what it was sent. */
  takes(attempt: Attempt, bytes: Buffer): void {
    const { upload } = attempt;
    if (!bytes.equals(upload.bytes))
      this.broken(
        "the application gets the client's bytes",
        `${upload.client}: ${bytes.byteLength} of ${upload.bytes.byteLength}, or others`,
      );
    attempt.isTaken = true;
    const taken = upload.attempts.filter(
      (one) => one.purpose === attempt.purpose && one.isTaken && !one.isRemembered,
    );
    if (taken.length > 1 && this.#world.application.remembers && !hasNoTombstone(upload))
      this.broken("an application that remembers keys takes an upload once", upload.client);
  }

  /**
   * The application behind the origin's BITS server hears of a session there. Twice only where the origin has forgotten a
   * session that was whole, and the operator wants it sent again.
   */
  told(attempt: Attempt, bytes: Buffer): void {
    const { upload } = attempt;
    if (!bytes.equals(upload.bytes)) this.broken("the application gets the client's bytes", upload.client);
    upload.told += 1;
    if (upload.told === 1) return;
    // Where the setting has changed meanwhile, it was to be sent again when the origin had forgotten it.
    if (upload.directory.unknownOutcome === "hold")
      this.broken("a hold directory sends nothing twice", upload.client);
    if (upload.forgotten !== "told")
      this.broken("an origin that forgets no session hears of an upload once", upload.client);
  }

  /** The reply of the application to this attempt, and no other. */
  replyOf({ upload, number }: Attempt): Buffer {
    return Buffer.from(`reply ${number} to ${upload.client} `.repeat(1 + (upload.bytes.byteLength % 4)));
  }

  /**
   * An Ack has left.
   *
   * @param known bytes that were acknowledged when its packet came
   */
  acked(
    packet: "Fragment" | "Close" | "Cancel",
    upload: Upload,
    { fault, offset }: Answer,
    known: number,
  ): void {
    this.#world.story.tell(upload.client, `${packet} is answered`, { fault: fault?.fault ?? null, offset });
    if (upload.isDamaged) return;
    if (fault?.hresult === UNKNOWN_SESSION && fault.context === 0x5 && !this.#mayBeUnknown(upload))
      this.broken("a session is not forgotten before its time", `${upload.client}, at ${packet}`);
    if (packet === "Fragment" && offset !== null) this.#offsetIs(offset, upload, known);
    if (fault === null && packet === "Cancel") this.#cancelled(upload);
    if (fault === null && packet === "Close") this.#closed(upload);
    if (fault !== null) this.#isTrue(fault, upload);
    this.#checkUpload(this.#world.objectOf(upload.id), upload);
  }

  #mayBeUnknown(upload: Upload): boolean {
    const { directory, storedAt, acked, issuedAt } = upload;
    const { clock, hasClockJumped } = this.#world;
    if (upload.mayBeCancelled || upload.mayBeDiscarded || upload.isDigestWrong || hasClockJumped) return true;
    if (directory.maximumSessionsPerClient !== null && acked === 0 && clock >= issuedAt + 3_600_000)
      return true;
    return clock >= storedAt + directory.sessionTimeoutSeconds * 1000;
  }

  #offsetIs(offset: number, upload: Upload, known: number): void {
    if (offset > upload.bytes.byteLength) this.broken("an offset is within the upload", `${offset}`);
    if (offset < known && !this.#isOver(upload))
      this.broken("an offset never goes back", `${known} to ${offset}`);
    if (offset <= upload.acked) return;
    upload.acked = offset;
  }

  #cancelled(upload: Upload): void {
    const isAtWork = upload.attempts.some(({ outcome, life }) => outcome === null && !life.isOver);
    if (isAtWork) this.broken("a cancel waits for the attempt that runs", upload.client);
    upload.isCancelled = true;
  }

  #closed(upload: Upload): void {
    const { notification } = upload.directory;
    const purposes =
      notification === "none"
        ? (["put"] as const)
        : upload.isToBeCopied
          ? (["notify", "put"] as const)
          : (["notify"] as const);
    for (const purpose of purposes) {
      const isAccepted = upload.attempts.some(
        (one) => one.purpose === purpose && one.isTaken && one.outcome?.kind === "accepted",
      );
      if (!isAccepted)
        this.broken("no 200 to Close without an application that accepted", `${upload.client}, ${purpose}`);
    }
    if (upload.directory.handover === "bits" && !upload.isPublished)
      this.broken("no 200 to Close before the origin's own BITS server has closed", upload.client);
    upload.isClosed = true;
  }

  /** Whose error it is: 0x7 the application's, 0x5 the edge's. */
  #isTrue({ fault, status }: NonNullable<Answer["fault"]>, upload: Upload): void {
    const outcomes = new Set(upload.attempts.map(({ outcome }) => outcome?.kind));
    const isSaid =
      fault === "applicationRefused"
        ? outcomes.has("refused")
        : fault === "replyTooLarge" || fault === "destinationExists"
          ? outcomes.has(fault)
          : fault === "originCannotConnect"
            ? outcomes.has("silent")
            : true; // an edge that died before the request left does not know that either
    if (!isSaid) this.broken("an Ack's context tells the truth", `${fault} ${status} for ${upload.client}`);
    if (fault === "closedTooEarly" && !upload.mayBeDiscarded)
      this.broken("an upload that is whole is not too early", upload.client);
    if (fault === "digestMismatch" && !upload.isDigestWrong)
      this.broken("right bytes are not called wrong", upload.client);
    if (fault === "totalChanged" && !upload.mayBeDiscarded)
      this.broken("an upload keeps its length", upload.client);
  }

  /** A client was told to give up. */
  gaveUp(upload: Upload, { fault }: Answer): void {
    const isExplained =
      fault === null ||
      fault.context === 0x7 ||
      fault.fault === "applicationRefused" || // 0x5, where the origin's own BITS server says so
      fault.fault === "destinationExists" ||
      upload.isDigestWrong ||
      upload.mayBeDiscarded;
    if (!isExplained && !upload.isDamaged)
      this.broken("a client gives up only where it has to", `${upload.client}: ${fault?.fault ?? ""}`);
  }

  /** A call was rejected, though its object lives. */
  callFailed(what: string, { name }: Machine, error: unknown): void {
    this.#world.story.tell(name, `${what} fails`, { error: String(error) });
    const isDamage =
      /cannot be read|newer version/.test(String(error)) && this.uploads.some(({ isDamaged }) => isDamaged);
    const isFull = this.#world.wasDiskFull && /SQLITE_FULL/.test(String(error));
    // A stream that breaks off: it belongs to the call here.
    const isTorn = what === "GET entity" && /segment|bytes of the upload are gone/.test(String(error));
    if (!isDamage && !isFull && !isTorn)
      this.broken("a call is not rejected by an object that lives", `${what}: ${String(error)}`);
  }

  /** Something that nobody waited for was rejected. */
  workFailed({ name }: Machine, error: unknown): void {
    if (!/SQLITE_FULL/.test(String(error)))
      this.broken("what nobody waits for does not fail", `${name}: ${String(error)}`);
  }

  /** Every byte that was acknowledged is on the object's disk, unless it is not needed any more; and it will be woken. */
  checkDisk(object: Machine): void {
    for (const upload of this.uploads)
      if (this.#world.objectOf(upload.id) === object) this.#checkUpload(object, upload);
  }

  #checkUpload(machine: Machine, upload: Upload): void {
    if (upload.acked === 0 || upload.isDamaged) return;
    const { disk } = machine;
    const [row] = disk.has("sessions")
      ? disk.ask("SELECT key, due, record FROM sessions WHERE id = ?", upload.id)
      : [];
    const record = row?.["record"];
    if (typeof record === "string")
      this.#checkRecord(machine, upload, Number(row?.["key"]), Number(row?.["due"]), record);
    else if (!this.#isOver(upload))
      this.broken("an acknowledged byte is never lost", `${upload.client}: no record`);
  }

  #checkRecord({ disk }: Machine, upload: Upload, key: number, due: number, text: string): void {
    const { state, changedAt }: { state: string; changedAt: number } = JSON.parse(text);
    const rows = disk.has("fragments")
      ? disk.ask(
          "SELECT bytes, received_at FROM fragments WHERE id >= ? << 40 AND id < (? + 1) << 40 ORDER BY id",
          key,
          key,
        )
      : [];
    const [moved] = disk.has("moved")
      ? disk.ask("SELECT name, bytes, segment_bytes FROM moved WHERE key = ?", key)
      : [];
    const elsewhere =
      moved === undefined
        ? []
        : [
            this.#world.segments.stored(
              String(moved["name"]),
              Number(moved["segment_bytes"]),
              Number(moved["bytes"]),
            ),
          ];
    const stored = Buffer.concat([...elsewhere, ...rows.map(({ bytes }) => bytes as Uint8Array)]);
    upload.storedAt = Math.max(upload.storedAt, changedAt, Number(rows.at(-1)?.["received_at"] ?? 0));
    const isNeeded = NEEDY.has(state);
    if (isNeeded && !upload.bytes.subarray(0, stored.byteLength).equals(stored))
      this.broken("what is stored is the client's", upload.client);
    if (state === "committing" && due > changedAt + LOOK_AGAIN_MS && !this.#world.hasClockJumped)
      this.broken("an orphan is taken up in ten seconds", upload.client);
    if (isNeeded && stored.byteLength < upload.acked && !this.#isOver(upload))
      this.broken(
        "an acknowledged byte is never lost",
        `${upload.client}: ${stored.byteLength} of ${upload.acked}`,
      );
    if (!OVER.has(state)) return;
    // What does not go in one step is due at once.
    if (stored.byteLength > 0 && due > changedAt)
      this.broken("a session that is over keeps no bytes", upload.client);
    const isCounted =
      disk.has("open") && disk.ask("SELECT 1 FROM open WHERE session = ?", upload.id).length > 0;
    if (isCounted) this.broken("a session that is over is not counted", upload.client);
  }

  /** The client has fetched the application's reply. */
  replied(upload: Upload, reply: Buffer): void {
    const isOne = upload.attempts.some((attempt) => attempt.isTaken && this.replyOf(attempt).equals(reply));
    if (!isOne) this.broken("a reply is the application's, whole", upload.client);
  }

  /** Whether the client has ended it, or time has. */
  #isOver(upload: Upload): boolean {
    return upload.mayBeCancelled || upload.mayBeDiscarded || upload.isDigestWrong || this.#isExpired(upload);
  }

  /** Whoever is due will be woken at that time. */
  checkAlarm({ disk, rangAt, isRinging, name }: Machine): void {
    if (isRinging || this.#world.hasClockJumped) return;
    const due = this.#firstDue(disk);
    if (due === null) return;
    const latest = Math.max(due + LOOK_AGAIN_MS, rangAt + RETRY_MS);
    if (disk.alarm === null || disk.alarm > latest)
      this.broken(
        "an alarm is set for whoever is due",
        `${name}: ${disk.alarm === null ? "none" : disk.alarm - due} ms after`,
      );
  }

  #firstDue(disk: Disk): number | null {
    const known = this.#firstDues.get(disk);
    if (known?.version === disk.version) return known.due;
    const [row] = disk.has("sessions") ? disk.ask("SELECT min(due) AS due FROM sessions") : [];
    const due = typeof row?.["due"] === "number" ? row["due"] : null;
    this.#firstDues.set(disk, { version: disk.version, due });
    return due;
  }

  #isExpired({ storedAt, directory }: Upload): boolean {
    const { clock, hasClockJumped } = this.#world;
    return hasClockJumped || clock >= storedAt + directory.sessionTimeoutSeconds * 1000;
  }
}
