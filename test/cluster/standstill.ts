import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Application } from "../kill/application.ts";
import { type ClientReport, contentOf } from "../kill/client.ts";
import type { UploadPlan } from "../kill/plan.ts";
import {
  type Ack,
  closeSession,
  createSession,
  formatPacketHead,
  fragment,
  readAck,
} from "../support/bits-client.ts";
import { ConnectionLost, ConnectionTimeout, RawConnection } from "../support/raw-connection.ts";
import type { Instance } from "./instance.ts";

const MEBIBYTE = 1 << 20;
const RETRY_MILLISECONDS = 50;
const PATIENCE_MILLISECONDS = 180_000;
/** What the other edge is sent while the owner stands still. */
const MEANWHILE_BYTES = 100_000;

const PLAN: UploadPlan = {
  destination: "/keyed/stands-still.bin",
  directory: "/keyed/",
  size: 3 * MEBIBYTE + 7,
  fragmentBytes: 2 * MEBIBYTE + 7,
  startMilliseconds: 0,
  ending: "close-twice",
  cancelAt: 0,
};

/** What the upload's client was told, for the checker, and the story in a sentence. */
export interface Standstill {
  readonly report: ClientReport;
  readonly story: string;
}

/**
 * One upload whose owner stands still twice for longer than its lease, without a word to anybody, and comes back: with a
 * Fragment half sent to it, and with a commit that the application has taken and not answered. Each time another edge
 * takes the session over meanwhile, and the upload goes on there. What the owner says when it is back is held to what it
 * then promises; what it does, to what the application gets.
 *
 * The edges are reached past the balancer: each of them is asked by name.
 *
 * @param edges of which the first one becomes the session's owner
 */
export async function uploadPastStandstills(
  [first, second]: readonly [Instance, Instance, ...Instance[]],
  application: Application,
): Promise<Standstill> {
  return await new PersistentClient(first, second, application).run();
}

class PersistentClient {
  readonly #first: Instance;
  readonly #second: Instance;
  readonly #application: Application;
  readonly #content = contentOf(PLAN);
  readonly #broken: string[] = [];
  #sessionId = "";
  #acked = 0;
  #refusals = 0;
  #closedAt: number | null = null;

  constructor(first: Instance, second: Instance, application: Application) {
    this.#first = first;
    this.#second = second;
    this.#application = application;
  }

  async run(): Promise<Standstill> {
    using connection = await RawConnection.open("127.0.0.1", this.#first.tcpPort);
    this.#sessionId = (await createSession(connection, PLAN.destination)).sessionId ?? "";
    this.#heardOffset(await this.#fragment(connection, 0, MEBIBYTE));
    const receiving = await this.#standStillInFragment(connection);
    this.#heardOffset(
      await this.#untilTaken(
        this.#second,
        async (open) => await this.#fragment(open, this.#acked, PLAN.size),
      ),
    );
    const committing = await this.#standStillInCommit();
    // What is stored of the end is stored, whoever has the session now.
    for (const edge of [this.#first, this.#second])
      await this.#untilTaken(edge, async (open) => this.#close(open));
    const story = `taken over after ${receiving.seconds} s in a Fragment, and after ${committing.seconds} s in a commit; on coming back they said ${receiving.said} and ${committing.said}`;
    return { story, report: this.#report() };
  }

  async #standStillInFragment(connection: RawConnection): Promise<{ seconds: string; said: string }> {
    const { size } = PLAN;
    const [half, end] = [MEBIBYTE + MEBIBYTE / 2, size];
    const fields = { sessionId: this.#sessionId, first: MEBIBYTE, length: size - MEBIBYTE, total: size };
    await connection.send(formatPacketHead(connection, PLAN.destination, "Fragment", fields));
    await connection.send(this.#content.subarray(MEBIBYTE, half));
    const seconds = await this.#first.whileStill(async () => {
      // It lies in the network, and is the first thing that the owner sees when it goes on.
      connection.send(this.#content.subarray(half, end)).catch(() => undefined);
      const taken = await this.#takeOver(async (open) => await this.#fragment(open, 0, 1));
      this.#heardOffset(taken.ack);
      const until = Math.min(this.#acked + MEANWHILE_BYTES, size - 1);
      this.#heardOffset(
        await this.#untilTaken(this.#second, async (open) => await this.#fragment(open, this.#acked, until)),
      );
      return taken.seconds;
    });
    const late = await heardOf(connection);
    if (late?.status === 200) this.#heardOffset(late);
    this.#judgeLate(late);
    return { seconds, said: said(late) };
  }

  async #standStillInCommit(): Promise<{ seconds: string; said: string }> {
    using connection = await RawConnection.open("127.0.0.1", this.#second.tcpPort);
    this.#application.mishap = () => "is slow";
    const closing = this.#close(connection).catch(() => null);
    const deliveries = () => this.#application.deliveriesOf(PLAN.destination);
    while (!deliveries().some(({ takenAt }) => takenAt !== null)) await pause(5);
    const seconds = await this.#second.whileStill(async () => {
      this.#application.mishap = null;
      const taken = await this.#takeOver(async (open) => await this.#close(open), this.#first);
      this.#closedAt ??= Date.now();
      return taken.seconds;
    });
    const late = await closing;
    this.#judgeLate(late);
    return { seconds, said: said(late) };
  }

  /** Asks the other edge until it has the session. */
  async #takeOver(
    packet: (connection: RawConnection) => Promise<Ack>,
    edge = this.#second,
  ): Promise<{ ack: Ack; seconds: string }> {
    const startedAt = performance.now();
    const refusals = this.#refusals;
    const ack = await this.#untilTaken(edge, packet);
    // Otherwise the other one had it before, and nothing was tried here.
    if (this.#refusals === refusals && performance.now() - startedAt < 1_000)
      this.#broken.push("the session was not the one's that stood still");
    return { ack, seconds: ((performance.now() - startedAt) / 1_000).toFixed(1) };
  }

  /** Sends a packet to one edge until it is answered 200; what may be asked again is. */
  async #untilTaken(
    { tcpPort }: Instance,
    packet: (connection: RawConnection) => Promise<Ack>,
  ): Promise<Ack> {
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const ack = await askOnce(tcpPort, packet);
      if (ack?.status === 200) return ack;
      if (ack !== null && ack.status < 500) throw new Error(`answered ${ack.status} where 200 was due`);
      if (Date.now() > deadline)
        throw new Error(`no end in sight, and ${ack?.status ?? "nothing"} the last word`);
      this.#refusals += 1;
      await pause(RETRY_MILLISECONDS);
    }
  }

  async #fragment(connection: RawConnection, first: number, end: number): Promise<Ack> {
    const bytes = this.#content.subarray(first, end);
    return await fragment(connection, PLAN.destination, {
      sessionId: this.#sessionId,
      first,
      total: PLAN.size,
      bytes,
    });
  }

  async #close(connection: RawConnection): Promise<Ack> {
    return await closeSession(connection, PLAN.destination, this.#sessionId);
  }

  /** No edge may take back what another one has acknowledged. */
  #heardOffset({ status, receivedContentRange = Number.NaN }: Ack): void {
    if (!(receivedContentRange >= this.#acked))
      this.#broken.push(`acked ${this.#acked}, then ${receivedContentRange} (${status})`);
    this.#acked = Math.max(this.#acked, receivedContentRange);
  }

  /** Whoever was away may say nothing, that he cannot tell, or what is so. */
  #judgeLate(late: Ack | null): void {
    if (late !== null && late.status !== 200 && late.status < 500)
      this.#broken.push(`an edge that came back answered ${late.status}`);
  }

  #report(): ClientReport {
    return {
      plan: PLAN,
      sha256: createHash("sha256").update(this.#content).digest("hex"),
      sessionIds: [this.#sessionId],
      ending: "accepted",
      acceptedAt: this.#closedAt,
      closedAt: this.#closedAt,
      broken: this.#broken,
      resumed: 0,
    };
  }
}

async function askOnce(
  port: number,
  packet: (connection: RawConnection) => Promise<Ack>,
): Promise<Ack | null> {
  try {
    using connection = await RawConnection.open("127.0.0.1", port);
    return await packet(connection);
  } catch (error) {
    return isSilence(error);
  }
}

async function heardOf(connection: RawConnection): Promise<Ack | null> {
  return await connection.readResponse().then(readAck, isSilence);
}

/** @throws what is no end of a connection; null for those */
function isSilence(error: unknown): null {
  if (error instanceof ConnectionLost || error instanceof ConnectionTimeout) return null;
  throw error;
}

function said(ack: Ack | null): string {
  return ack === null ? "nothing" : String(ack.status);
}
