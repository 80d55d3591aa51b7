import { setTimeout as pause } from "node:timers/promises";
import type { Courier } from "../bits-client/courier.ts";
import { lengthOf } from "../../src/protocol/content-range.ts";
import type { ClientPacket } from "../bits-client/packet-head.ts";
import type { Answer } from "../bits-client/read-ack.ts";
import { type TransportError, transportError } from "../bits-client/transport-error.ts";
import { CliError } from "../terminal/cli-error.ts";
import { hear, lose } from "./hear.ts";
import { HostFallback } from "./host-fallback.ts";
import { FileChanged, type LocalFile } from "./local-file.ts";
import { leaving, nextPacket, type Progress } from "./progress.ts";
import { endingOf, troubleInWords } from "./trouble-in-words.ts";
import type { UploadEvent, UploadReport } from "./upload-event.ts";
import type { WaitTimes } from "./wait-times.ts";

/** What one upload works with. */
export interface UploadMeans {
  readonly file: LocalFile;
  readonly courier: Courier;
  readonly waits: WaitTimes;
  /** Keeps the progress; resolves when it would be found after a crash. */
  readonly keep: (progress: Progress) => Promise<void>;
  /** Fetches the reply whole, or throws a TransportError; a second call goes on where the first broke off. */
  readonly fetchReply: (replyUrl: string) => Promise<void>;
  readonly tell: (event: UploadEvent) => void;
  readonly signal: AbortSignal;
}

/** A session lost so often is no accident: something between forgets all of them. */
const SESSIONS = 10;
/** Acks come by the thousand; what is kept may be a little behind, since the server knows better. */
const KEEP_MILLISECONDS = 1_000;
/** Troubles of transport that no waiting mends. */
const LASTING = new Set(["certificate", "tls"]);
/** And those that most likely mean a wrong URL, as long as nobody there has ever issued a session. */
const LASTING_AT_FIRST = new Set(["name", "garbage"]);

/** One file on its way: asks the machine what is next, does it, and tells the machine what came of it. */
export class Upload {
  readonly #means: UploadMeans;
  readonly #hosts = new HostFallback(() => performance.now());
  readonly #startedAt = performance.now();
  #progress: Progress;
  #keptAt = Number.NEGATIVE_INFINITY;
  #sentBytes = 0;
  #fragments = 0;

  constructor(progress: Progress, means: UploadMeans) {
    this.#progress = progress;
    this.#means = means;
  }

  /** Where it is now. */
  get progress(): Progress {
    return this.#progress;
  }

  /**
   * Runs to the end.
   *
   * @throws CliError with the reason and the exit code; FileChanged; the signal's reason
   */
  async run(): Promise<UploadReport> {
    while (this.#progress.phase !== "done") {
      this.#means.signal.throwIfAborted();
      const packet = nextPacket(this.#progress);
      await (packet === null ? this.#fetchReply() : this.#deliver(packet));
    }
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const { total: bytes, sessions } = this.#progress;
    const count = { sentBytes: this.#sentBytes, fragments: this.#fragments, sessions };
    return { bytes, seconds, ...count, verb: this.#means.courier.verb };
  }

  async #deliver(packet: ClientPacket): Promise<void> {
    // A file that changes now must not be called whole: nothing can be taken back after this packet.
    if (packet.type === "Close-Session") await this.#means.file.mustBeUnchanged();
    await this.#move(leaving(this.#progress, packet));
    const startedAt = performance.now();
    let answer: Answer;
    try {
      this.#means.courier.useHost(this.#hosts.hostFor(this.#progress.host));
      answer = await this.#send(packet);
    } catch (error) {
      await this.#lost(packet, this.#troubleOf(error));
      return;
    }
    await this.#heard(packet, answer, performance.now() - startedAt);
  }

  async #send(packet: ClientPacket): Promise<Answer> {
    const { courier, file, signal } = this.#means;
    if (packet.type !== "Fragment") return await courier.send(packet, undefined, signal);
    const { first } = packet.range;
    let sent = 0;
    this.#fragments += 1;
    const onSent = (bytes: number): void => {
      sent += bytes;
      this.#sentBytes += bytes;
      this.#tellProgress(first + sent);
    };
    return await courier.send(packet, { bytes: file.read(first, lengthOf(packet.range)), onSent }, signal);
  }

  async #heard(packet: ClientPacket, answer: Answer, milliseconds: number): Promise<void> {
    const verdict = hear(this.#progress, packet, answer, milliseconds);
    if (verdict.kind === "over") {
      throw new CliError(endingOf(verdict.why), troubleInWords(verdict.why, packet, answer));
    }
    const before = this.#progress;
    await this.#move(verdict.progress);
    this.#tellProgress(this.#progress.offset);
    const { sessionId } = this.#progress;
    if (packet.type === "Create-Session" && sessionId !== null) {
      this.#means.tell({ event: "session", session: sessionId });
    }
    if (verdict.kind === "later") {
      this.#hosts.failed();
      if (this.#progress.sessions > SESSIONS) {
        throw new CliError(
          "refused",
          `The server has lost ${SESSIONS} sessions of this upload in one go; bits-edge doctor looks closer.`,
        );
      }
      return await this.#wait(troubleInWords(verdict.why, packet, answer), answer.retryAfterSeconds);
    }
    if (packet.type === "Fragment" && this.#progress.offset > before.offset) this.#hosts.worked();
    this.#means.waits.reached(this.#progress.offset);
  }

  async #fetchReply(): Promise<void> {
    const { replyUrl } = this.#progress;
    if (replyUrl === null) throw new Error("a reply without a URL is never fetched");
    try {
      await this.#means.fetchReply(replyUrl);
    } catch (error) {
      const trouble = this.#troubleOf(error);
      await this.#wait(`The reply could not be fetched: ${trouble.message}`, null);
      return;
    }
    await this.#move({ ...this.#progress, phase: "closing" });
  }

  async #lost(packet: ClientPacket, trouble: TransportError): Promise<void> {
    const host = this.#means.courier.url.host;
    const because = `${packet.type} got no answer from ${host}: ${trouble.message}`;
    const isFirst = this.#progress.sessionId === null && LASTING_AT_FIRST.has(trouble.trouble);
    if (LASTING.has(trouble.trouble) || isFirst) throw new CliError("refused", `${because}.`);
    this.#hosts.failed();
    await this.#move(lose(this.#progress, packet));
    this.#tellProgress(this.#progress.offset);
    await this.#wait(because, null);
  }

  /** What is no trouble of the way is thrown on: a changed file, the user's Ctrl-C, a bug. */
  #troubleOf(error: unknown): TransportError {
    this.#means.signal.throwIfAborted();
    if (error instanceof FileChanged || error instanceof CliError) throw error;
    return transportError(error);
  }

  async #wait(because: string, retryAfterSeconds: number | null): Promise<void> {
    const seconds = this.#means.waits.next(retryAfterSeconds);
    if (seconds === null) {
      await this.#keep();
      throw new CliError(
        "later",
        `${because}. Gave up for now; the same command goes on where this one stopped.`,
      );
    }
    this.#means.tell({ event: "waiting", seconds, because });
    await pause(seconds * 1000, undefined, { signal: this.#means.signal });
  }

  /** A step that changes more than the offset is kept before anything follows from it. */
  async #move(progress: Progress): Promise<void> {
    const { phase, sessionId, closes } = this.#progress;
    const isStep = phase !== progress.phase || sessionId !== progress.sessionId || closes !== progress.closes;
    this.#progress = progress;
    if (isStep || performance.now() - this.#keptAt >= KEEP_MILLISECONDS) await this.#keep();
  }

  async #keep(): Promise<void> {
    if (this.#progress.phase === "done") return;
    await this.#means.keep(this.#progress);
    this.#keptAt = performance.now();
  }

  #tellProgress(sent: number): void {
    this.#means.tell({ event: "progress", sent, stored: this.#progress.offset });
  }
}
