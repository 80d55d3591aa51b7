import { createHash } from "node:crypto";
import { directoryOf, type UploadDirectory } from "../../src/config/config.ts";
import type { Answer } from "../../src/protocol/session-answer.ts";
import { sessionIdFromBytes } from "../../src/protocol/session-id.ts";
import type { SessionPacket } from "../../src/protocol/session-record.ts";
import { counterNameOf } from "../../src/signed/session-place.ts";
import { Door, type Fragment } from "./door.ts";
import type { Upload } from "./upload.ts";
import type { Stage } from "./stage.ts";

const HOUR = 3_600_000;
const MOST_TRIES = 400;
/** Longer than a client's 14 days, so that one which slept is not given up. */
const PATIENCE_MS = 25 * 24 * HOUR;

/** How an upload stands for its client. */
type Standing = "begun" | "done" | "gave up" | "cancelled" | "left";

/**
 * A BITS client, written from [MC-BUP] 3.1: one job, packet after packet, each sent again until it is answered. What it
 * does with an Ack is 3.1.5.2.
 */
export class Client {
  readonly #name: string;
  readonly #world: Stage;
  readonly #door: Door;
  readonly #bytes: Buffer;
  readonly #directory: UploadDirectory;
  readonly #destination: string;
  #standing: Standing = "begun";
  #upload: Upload | null = null;
  #fragmentBytes: number;
  /** What of its Fragments arrives at the session in one call; with 1, more rows than go in one step. */
  readonly #pieceBytes: number;
  readonly #endsAt: number;
  #tries = 0;
  /** It has as many sessions as it may, by the last that it heard. */
  #isTurnedAway = false;
  /** The last Ack said that nobody knows whether the application has the upload. */
  #isHeld = false;

  constructor(name: string, world: Stage) {
    this.#name = name;
    this.#world = world;
    this.#door = new Door(world);
    const { dice, config, schedule } = world;
    this.#endsAt = schedule.now + PATIENCE_MS;
    this.#directory = dice.pick(name, config.directories as [UploadDirectory, ...UploadDirectory[]]);
    this.#destination = `${this.#directory.path}${name.replace(" ", "-")}.bin`;
    const size = dice.pick(name, [0, 1, 10, 60, 60, 200, 300]);
    this.#bytes = Buffer.from(Array.from({ length: size }, () => dice.between(name, 0, 255)));
    this.#fragmentBytes = dice.pick(name, [25, 100, 1000]);
    const pieceBytes = dice.next(name) < 0.01 ? 1 : dice.pick(name, [7, 30, 1000]);
    this.#pieceBytes = Math.min(pieceBytes, world.segmentSizes.keptBytes);
  }

  get #isPatient(): boolean {
    return this.#tries < MOST_TRIES && this.#world.schedule.now < this.#endsAt;
  }

  /** Why it should have been served by now, and was not; null if that is all right. */
  get complaint(): string | null {
    const upload = this.#upload;
    if (this.#standing !== "begun") return null;
    if (upload === null) return `${this.#name} never got a session`;
    if (this.#isHeld || upload.isDamaged) return null;
    // A clock that was put back keeps a place as much longer.
    if (this.#isTurnedAway && this.#world.hasClockJumped) return null;
    // What the origin's BITS server had as a whole, and forgot before the Close-Session, is not sent again either.
    const { directory, forgotten } = upload;
    const isHold = directory.unknownOutcome === "hold" || this.#world.heldSince < Number.POSITIVE_INFINITY;
    return isHold && forgotten !== null ? null : `${this.#name} still tries`;
  }

  async live(): Promise<void> {
    const { schedule, dice } = this.#world;
    await schedule.sleep(dice.next(this.#name) * 2_000);
    while (this.#standing === "begun" && this.#isPatient) {
      const packet = await this.#create();
      if (packet === null) continue;
      this.#standing = await this.#send(packet);
    }
  }

  /** Create-Session: an id, and nothing that is stored, but for a digest. */
  async #create(): Promise<SessionPacket | null> {
    const { dice, clock, laws } = this.#world;
    const upload = this.#newUpload();
    this.#upload = upload;
    const { id, directory } = upload;
    const announced = dice.next(this.#name) < 0.2;
    const isDigestWrong = announced && dice.fault("wrong-digest", 0.5) !== null;
    const expectedDigest = isDigestWrong ? "wrong" : announced ? upload.digest : null;
    const packet: SessionPacket = {
      sessionId: id,
      issuedAt: upload.issuedAt,
      destination: this.#destination,
      originalUrl: `http://edge${this.#destination}`,
      clientAddress: this.#name,
      expectedDigest,
    };
    laws.uploads.push({ ...upload, isDigestWrong });
    this.#upload = laws.uploads.at(-1) ?? upload;
    try {
      this.#isTurnedAway =
        directory.maximumSessionsPerClient !== null && !(await this.#admit(directory, clock));
      if (this.#isTurnedAway) return await this.#failed();
      if (announced) await this.#world.objectOf(id).call("announce", (host) => host.announce(packet));
      return packet;
    } catch {
      return await this.#failed();
    }
  }

  async #failed(): Promise<null> {
    await this.#waitToTryAgain();
    return null;
  }

  async #admit({ path, maximumSessionsPerClient }: UploadDirectory, now: number): Promise<boolean> {
    const id = this.#upload?.id;
    if (id === undefined) return false;
    const applicant = {
      directory: path,
      client: this.#name,
      sessionId: id,
      limit: maximumSessionsPerClient ?? 0,
    };
    if (this.#world.config.sessionObjects === 0)
      return this.#world.counters.admit(counterNameOf(path, id), applicant, now);
    return await this.#world.objectOf(id).call("admit", (host) => host.admit(applicant));
  }

  #newUpload(): Upload {
    const { dice, clock, config } = this.#world;
    const issuedAt = Math.floor(clock / 1000) * 1000;
    const id = new Uint8Array(16).map(() => dice.between("ids", 0, 255));
    new DataView(id.buffer).setUint32(0, issuedAt / 1000);
    id[5] = config.sessionObjects === 0 ? 0 : dice.between("ids", 1, config.sessionObjects);
    const bytes = this.#bytes;
    const digest = createHash("sha256").update(bytes).digest("base64");
    const directory = directoryOf(config, this.#destination) ?? this.#directory;
    const isToBeCopied = directory.notification !== "none" && dice.next(this.#name) < 0.3;
    return {
      id: sessionIdFromBytes(id),
      client: this.#name,
      directory,
      bytes,
      digest,
      issuedAt,
      isToBeCopied,
      isDigestWrong: false,
      attempts: [],
      acked: 0,
      storedAt: issuedAt,
      isClosed: false,
      mayBeCancelled: false,
      isCancelled: false,
      mayBeDiscarded: false,
      told: 0,
      isPublished: false,
      isErased: false,
      forgotten: null,
      isDamaged: false,
    };
  }

  /** Fragments from the first byte on, then Close-Session. */
  async #send(packet: SessionPacket): Promise<Standing> {
    const upload = this.#upload;
    if (upload === null) return "begun";
    const { dice } = this.#world;
    let offset = 0;
    let isWhole = false;
    while (!isWhole) {
      if (!this.#isPatient) return "begun";
      if (dice.fault("client-leaves", 0.03) !== null) return "left";
      if (dice.fault("client-cancels", 0.03) !== null) return await this.#cancel(upload, packet);
      if (dice.fault("client-closes-early", 0.02) !== null) break;
      const fragment = this.#fragmentAt(offset);
      const answer = await this.#exchange(
        "Fragment",
        upload,
        async () => await this.#door.fragment(upload, packet, fragment),
      );
      const verdict = answer === null ? "again" : this.#read("Fragment", upload, answer);
      if (verdict === "over") return "begun";
      if (verdict === "give up") return "gave up";
      if (verdict === "again") await this.#waitToTryAgain();
      if (answer?.fault?.status === 413)
        this.#fragmentBytes = Math.max(1, Math.floor(this.#fragmentBytes / 2));
      // [MC-BUP] 3.1.2: what gets on is tried again soon.
      if ((answer?.offset ?? 0) > offset) this.#tries = 0;
      offset = answer?.offset ?? offset;
      isWhole = answer?.fault === null && offset === this.#bytes.byteLength;
      if (isWhole && typeof answer?.replyUrl === "string") await this.#fetchReply(upload);
    }
    return await this.#close(upload, packet, isWhole);
  }

  /** [MC-BUP] 3.1.5.1.7: the reply is downloaded before the session is closed. */
  async #fetchReply(upload: Upload): Promise<void> {
    const reply = await this.#door.reply(upload);
    if (reply !== null) this.#world.laws.replied(upload, reply);
  }

  async #close(upload: Upload, packet: SessionPacket, isWhole: boolean): Promise<Standing> {
    const { dice } = this.#world;
    if (!isWhole) upload.mayBeDiscarded = true;
    for (;;) {
      if (!this.#isPatient) return "begun";
      if (dice.fault("client-cancels", 0.02) !== null) return await this.#cancel(upload, packet);
      const answer = await this.#exchange(
        "Close",
        upload,
        async () => await this.#door.close(upload, packet),
      );
      if (dice.fault("client-leaves", 0.03) !== null) return "left";
      const verdict = answer === null ? "again" : this.#read("Close", upload, answer);
      if (verdict === "on") return "done";
      if (verdict === "over") return "begun";
      if (verdict === "give up") return "gave up";
      if (answer === null && dice.fault("client-cancels", 0.3) !== null)
        return await this.#cancel(upload, packet);
      await this.#waitToTryAgain();
    }
  }

  async #cancel(upload: Upload, packet: SessionPacket): Promise<Standing> {
    upload.mayBeCancelled = true;
    for (; this.#isPatient;) {
      const answer = await this.#exchange(
        "Cancel",
        upload,
        async () => await this.#door.cancel(upload, packet),
      );
      if (
        answer !== null &&
        (answer.fault === null || answer.fault.status < 500 || answer.fault.fault === "sessionUnknown")
      )
        break;
      await this.#waitToTryAgain();
    }
    return "cancelled";
  }

  /**
   * One packet and its Ack over a connection that loses either, or delivers the packet once more later.
   *
   * @returns null if no Ack came
   */
  async #exchange(
    packet: "Fragment" | "Close" | "Cancel",
    upload: Upload,
    deliver: () => Promise<Answer | null>,
  ): Promise<Answer | null> {
    const { dice, schedule, laws, story } = this.#world;
    this.#tries += 1;
    story.tell(this.#name, `sends ${packet}`);
    const nap = dice.fault("client-sleeps", 0.03);
    if (nap !== null) await schedule.sleep(nap ** 3 * 14 * 24 * HOUR);
    if (dice.fault("request-lost", 0.1) !== null) return null;
    const again = dice.fault("packet-twice", 0.1);
    if (again !== null) schedule.after(again ** 4 * HOUR, () => void deliver().catch(() => undefined));
    const isAckLost = dice.fault("ack-lost", 0.1);
    // An answer that overtakes is one of two that were under way at once; it may not fall behind what was known before.
    const known = upload.acked;
    const answered = deliver().then((answer) => {
      if (answer !== null) laws.acked(packet, upload, answer, known);
      return answer;
    });
    if (isAckLost === null) return await answered;
    // A connection that dies is not noticed by the edge: the packet is still at work when the next comes.
    await schedule.sleep(isAckLost ** 2 * 2_000);
    return null;
  }

  /** [MC-BUP] 3.1.5.2.1: what an Ack makes its client do. */
  #read(
    packet: "Fragment" | "Close",
    upload: Upload,
    { fault, ...answer }: Answer,
  ): "on" | "again" | "over" | "give up" {
    this.#isHeld = fault?.fault === "held";
    if (fault === null) return "on";
    if (fault.hresult === 0x8020001f) return "over";
    if (packet === "Fragment" && (fault.status === 413 || fault.status === 416)) return "on";
    const isFinal =
      fault.status < 500
        ? packet === "Close" || (fault.status !== 408 && fault.status !== 409)
        : fault.status === 501 || fault.status === 505;
    if (!isFinal) return "again";
    this.#world.laws.gaveUp(upload, { fault, ...answer });
    return "give up";
  }

  #fragmentAt(first: number): Fragment {
    const { dice } = this.#world;
    return {
      first,
      bytes: this.#bytes.subarray(first, first + this.#fragmentBytes),
      total: this.#bytes.byteLength,
      pieceBytes: this.#pieceBytes,
      isChecked: dice.next(this.#name) < 0.25,
      arrives: dice.fault("body-cut", 0.1) ?? 1,
    };
  }

  async #waitToTryAgain(): Promise<void> {
    this.#tries += 1;
    const { schedule, dice } = this.#world;
    await schedule.sleep(Math.min(12 * HOUR, 2 ** Math.min(this.#tries, 40) * 20 * dice.next(this.#name)));
  }
}
