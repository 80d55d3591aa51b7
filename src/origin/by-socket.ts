import { formatRequestHead } from "../http1/request-writer.ts";
import { bodyOf } from "../http1/response-body.ts";
import { AnswerReader, type ReadAnswer } from "../http1/response-reader.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import type { Carried, Carrier, Errand } from "./carrier.ts";
import { sentFields } from "./commit-request.ts";
import { hearOut } from "./hear-out.ts";
import { closeSocket, openSocket } from "../runtime/open-socket.ts";
import { acceptance, isSuccess, refusal, silence } from "./outcome.ts";
import { type Pace, PACES, Sender } from "./sender.ts";
import { receiveHead } from "../runtime/receive-head.ts";
import { type SilenceWatch, watchForSilence } from "../runtime/silence-watch.ts";

/** A lost SYN is sent again three times within it, after 1, 2 and 4 seconds (RFC 6298 sections 2 and 5.5). */
const CONNECT_SECONDS = 10;
/** A body of more is announced, and waits to be wanted: a refusal then costs no transfer, and nothing can overtake it. */
const EXPECT_FROM_BYTES = 64 * 1024;
/** How long the origin may think about it. Old servers never answer, so the body follows (RFC 9110 section 10.1.1). */
const EXPECT_MS = 350;
const EXPECT_MS_FOR_LARGE = 1000;
const LARGE_BYTES = 1024 * 1024;
const EXPECTATION_FAILED = 417;

/**
 * With HTTP/1.1 of our own, one request a connection: the runtime's client sends a body 8 KiB at a time, and does not
 * tell a connection that was refused from one that broke. Where none could be opened, the application has certainly not
 * been told. What the answer says is in its head; its body is heard out, and dropped.
 */
export const bySocket: Carrier = async (errand, pace) => {
  const carried = await exchange(errand, errand.length > EXPECT_FROM_BYTES, pace);
  const { outcome } = carried;
  const isMisunderstood = outcome.kind === "refused" && outcome.status === EXPECTATION_FAILED;
  // RFC 9110 section 15.5.18: the same without the expectation, for servers in a row that know none.
  return isMisunderstood ? await exchange(errand, false, pace) : carried;
};

async function exchange(errand: Errand, expects: boolean, pace: Pace | null): Promise<Carried> {
  const { request, network, silenceSeconds } = errand;
  const seconds = Math.min(CONNECT_SECONDS, silenceSeconds / 2);
  const socket = await openSocket(request.url, network, seconds);
  if (socket === null)
    return { outcome: { kind: "silent", why: "cannotConnect", mayHaveArrived: false }, brokeAt: null };
  const watch = watchForSilence(silenceSeconds);
  const underway = new Exchange(socket, errand, { expects, pace, watch });
  try {
    return { outcome: await underway.run(), brokeAt: null };
  } catch {
    const brokeAt = watch.signal.aborted ? null : underway.brokeAt;
    return { outcome: silence("connectionLost", watch), brokeAt };
  } finally {
    watch.stop();
  }
}

/** How an exchange goes. */
interface Manner {
  /** Whether the body is announced. */
  readonly expects: boolean;
  readonly pace: Pace | null;
  readonly watch: SilenceWatch;
}

/** One request and its answer, on a connection that is left afterwards. */
class Exchange {
  readonly #errand: Errand;
  readonly #expects: boolean;
  readonly #pace: Pace | null;
  readonly #watch: SilenceWatch;
  readonly #socket: Socket;
  readonly #reader: ReadableStreamBYOBReader;
  readonly #over = new AbortController();
  /** Resolves when the first interim answer has come. */
  readonly #interim = Promise.withResolvers<void>();
  readonly #head: Uint8Array;
  readonly #messageLength: number;
  readonly #sender: Sender;
  readonly #piping: Promise<void>;

  constructor(socket: Socket, errand: Errand, { expects, pace, watch }: Manner) {
    this.#errand = errand;
    this.#expects = expects;
    this.#pace = pace;
    this.#watch = watch;
    this.#socket = socket;
    this.#reader = socket.readable.getReader({ mode: "byob" });
    this.#head = new TextEncoder().encode(formatHead(errand, expects));
    this.#messageLength = this.#head.byteLength + errand.length; // the head lets go of its bytes when they are sent
    const message = new FixedLengthStream(this.#messageLength);
    // By the runtime's pipe, because it can be called off. A write of our own that the origin does not take could not:
    // `close()` waits for it, and after an `abort()` the connection stays open (seen in workerd 1.20261023.1).
    this.#piping = message.readable.pipeTo(socket.writable, {
      signal: this.#over.signal,
      preventAbort: true,
      preventClose: true,
    });
    const failure = new AbortController();
    this.#piping.catch(() => failure.abort());
    this.#sender = new Sender(message.writable, { watch, signal: failure.signal });
    watch.signal.addEventListener("abort", () => void this.#leave());
  }

  /** How much was sent of a request that has not been sent whole; null of one that was. */
  get brokeAt(): number | null {
    return this.#sender.sent < this.#messageLength ? this.#sender.sent : null;
  }

  /** @throws where the connection breaks, or brings something else than an answer */
  async run(): Promise<CommitOutcome> {
    const { request, silenceSeconds } = this.#errand;
    let hearing = Promise.resolve();
    try {
      const { head, rest } = await this.#ask();
      if (!isSuccess(head)) return refusal(request, head);
      // A 2xx is worth what arrives of the request: the application cannot have taken what it has not been sent.
      if (this.#sender.sent < this.#messageLength) return silence("connectionLost", this.#watch);
      await this.#piping; // what the pipe has taken is not on its way yet, and `leave` would drop it
      hearing = hearOut(rest, this.#reader, bodyOf(head), silenceSeconds);
      return acceptance(head);
    } finally {
      void hearing.then(async () => this.#leave());
    }
  }

  /** Sends the request, up to its end or to an answer that is none of success. */
  async #ask(): Promise<ReadAnswer> {
    const answer = new AnswerReader();
    const answering = this.#receiveHead(answer);
    answering.catch(() => undefined); // it is waited for below, but not at once
    await this.#sender.send([this.#head]);
    if (this.#expects) await this.#untilWanted(answering, answer);
    const sending = this.#sender.send(this.#errand.entity()).then(async () => this.#sender.close());
    const read = await Promise.race([answering, this.#sender.torn]);
    if (isSuccess(read.head)) await sending;
    return read;
  }

  /** Waits until the origin says whether it wants the body, and no longer than it may think about that. */
  async #untilWanted(answering: Promise<ReadAnswer>, answer: AnswerReader): Promise<void> {
    const { length, silenceSeconds } = this.#errand;
    const patience = length > LARGE_BYTES ? EXPECT_MS_FOR_LARGE : EXPECT_MS;
    const late = scheduler.wait(Math.min(patience, silenceSeconds * 250));
    const isAnswered = await Promise.race([answering.then(() => true), this.#interim.promise, late]);
    // What wants no more words needs no pauses; and a refusal ends the sending.
    if (isAnswered === true) return;
    this.#sender.pace = this.#pace ?? (answer.interims > 0 ? PACES.wanted : PACES.unsure);
  }

  async #receiveHead(answer: AnswerReader): Promise<ReadAnswer> {
    const read = await receiveHead(this.#reader, answer, () => {
      this.#watch.heard();
      if (answer.interims > 0) this.#interim.resolve();
    });
    this.#watch.answered();
    return read;
  }

  async #leave(): Promise<void> {
    this.#over.abort();
    await this.#piping.catch(() => undefined);
    closeSocket(this.#socket);
  }
}

function formatHead({ request, length }: Errand, expects: boolean): string {
  const expectation: [string, string][] = expects ? [["Expect", "100-continue"]] : [];
  return formatRequestHead(
    { ...request, headers: new Map([...sentFields(request), ...expectation]) },
    length,
  );
}
