import { HEADER } from "../protocol/headers.ts";
import { mayCount, type OriginSession } from "../protocol/origin-session.ts";
import type { CommitOutcome, Silence } from "../protocol/reflect.ts";
import { AT_ODDS, NO_BITS_SERVER, outcomeOf, readAck, sessionIdOf, type Verdict } from "./bits-ack.ts";
import { NO_CONTENT } from "./bits-exchange.ts";
import { askerFields, closeSessionFields, createSessionFields, fragmentFields } from "./bits-packets.ts";
import { type BitsWay, LineBroken } from "./bits-way.ts";
import type { BitsHandover, Handover } from "./carrier.ts";
import { FragmentSize } from "./fragment-size.ts";
import { mapUrl } from "./mapped-url.ts";
import { isListed, urlAt } from "./origin-host.ts";

/** So often the origin may lose the session in one attempt, before that is what it says. */
const MOST_SESSIONS = 4;

/** The upload is to begin again, because the origin has lost the session. */
const FORGOTTEN = "forgotten";

/**
 * Hands an upload over by being a client of the BITS server at the origin ([MC-BUP] 3.1): Create-Session, Fragments,
 * Close-Session at the same path. How far the origin has come is stored after each Ack, so that an edge that dies, or a
 * connection that breaks, costs a Fragment at most.
 *
 * Nothing counts before the last step: a session that was not closed is not published, and an application is told when
 * the last byte is there, or later. An edge that dies between the Ack of Create-Session and its record leaves a session
 * that nobody knows, which the origin times out. From the Fragment with the last byte on, the record says beforehand that
 * the upload may have been taken (`OriginSession`). Even then the origin is asked, since the same packet of the same
 * session is taken once. Only if it has forgotten the session, nobody knows.
 */
export async function handOverBits(
  errand: Handover,
  bits: BitsHandover,
  way: BitsWay,
): Promise<CommitOutcome> {
  return await new HandOver(errand, bits, way).run();
}

class HandOver {
  readonly #errand: Handover;
  readonly #bits: BitsHandover;
  readonly #way: BitsWay;
  #session: OriginSession | null;

  constructor(errand: Handover, bits: BitsHandover, way: BitsWay) {
    this.#errand = errand;
    this.#bits = bits;
    this.#way = way;
    this.#session = bits.session;
  }

  async run(): Promise<CommitOutcome> {
    try {
      for (let left = MOST_SESSIONS; left > 0; left--) {
        const outcome = await this.#runOnce();
        if (outcome !== FORGOTTEN) return outcome;
        this.#way.log("origin-session-lost", { url: this.#errand.request.url });
      }
      return AT_ODDS;
    } catch (error) {
      if (error instanceof LineBroken) return this.#silent(error.why);
      throw error;
    }
  }

  async #runOnce(): Promise<CommitOutcome | typeof FORGOTTEN> {
    if (this.#session?.stage === "gone") {
      if (!this.#bits.mayStartOver) return this.#silent("connectionLost");
      this.#session = null;
    }
    const session = this.#session ?? (await this.#create());
    if ("kind" in session) return session;
    // It is at another origin, if the settings say another one now.
    if (!isListed(session.url, this.#errand.request.url, this.#bits.hosts)) return await this.#startOver();
    const sent = await this.#sendFragments(session);
    if (sent !== null) return sent;
    return this.#bits.step === "fragments" ? this.#accepted(true) : await this.#close();
  }

  async #create(): Promise<CommitOutcome | OriginSession> {
    const { url, headers } = this.#errand.request;
    const ack = await this.#send(url, createSessionFields(headers.get(HEADER.reprDigest)));
    if (ack.is !== "ok") return outcomeOf(ack);
    const id = sessionIdOf(ack.headers);
    if (id === null) return NO_BITS_SERVER;
    const at = urlAt(ack.headers.get(HEADER.hostId), url, this.#bits.hosts);
    return await this.#save({ id, url: at, offset: 0, stage: "filling", replyUrl: null });
  }

  /** @returns null where the origin has every byte */
  async #sendFragments(begun: OriginSession): Promise<CommitOutcome | typeof FORGOTTEN | null> {
    if (begun.stage === "whole" || begun.stage === "closing") return null;
    const { length } = this.#errand;
    const fragments = new FragmentSize(this.#bits.fragmentBytes, begun.offset);
    for (let session = begun; !fragments.isStuck;) {
      const end = Math.min(session.offset + fragments.size, length);
      if (end === length && session.stage === "filling")
        session = await this.#save({ ...session, stage: "completing" });
      const ack = await this.#fragment(session, end, fragments.isNew);
      if (ack === "broken") fragments.broke();
      else if (ack.is === "ok" || ack.is === "elsewhere") {
        const offset = ack.offset ?? (ack.is === "ok" ? end : session.offset);
        // No origin has what it was not sent; before "completing" that is the last byte.
        if (offset > length || (offset === length && session.stage === "filling")) return AT_ODDS;
        fragments.acknowledged(offset);
        session = await this.#advance(session, offset, ack);
        if (session.stage === "whole") return null;
      } else if (ack.is === "forgotten") return await this.#startOver();
      else if (ack.is === "refused" || !fragments.wasTooLarge()) return ack.outcome;
    }
    return this.#silent("connectionLost");
  }

  async #fragment({ id, url, offset }: OriginSession, end: number, isCareful: boolean) {
    const { entity, length } = this.#errand;
    const fields = fragmentFields(id, offset, end, length);
    const content = { length: end - offset, content: () => entity(offset, end), isCareful };
    return await this.#send(url, fields, content).catch((error: unknown) => {
      if (error instanceof LineBroken && error.why === "connectionLost") return "broken" as const;
      throw error;
    });
  }

  /** An origin that has every byte, and says 416, has acknowledged the last before; but an empty upload is none yet. */
  async #advance(
    session: OriginSession,
    offset: number,
    { is, headers }: Extract<Verdict, { is: "ok" | "elsewhere" }>,
  ): Promise<OriginSession> {
    const { length } = this.#errand;
    const isWhole = offset === length && (is === "ok" || length > 0);
    if (!isWhole) return await this.#save({ ...session, offset });
    const { originUrl, clientUrl } = this.#bits;
    const given = headers.get(HEADER.replyUrl);
    const replyUrl = given === null ? null : mapUrl(given, { base: session.url, originUrl, clientUrl });
    return await this.#save({ ...session, offset, stage: "whole", replyUrl });
  }

  async #close(): Promise<CommitOutcome | typeof FORGOTTEN> {
    const { id, url } = await this.#save({ ...this.#known(), stage: "closing" });
    const ack = await this.#send(url, closeSessionFields(id));
    if (ack.is === "ok") return this.#accepted(false);
    return ack.is === "forgotten" ? await this.#startOver() : outcomeOf(ack);
  }

  /**
   * The origin does not know the session any more. If a Close-Session may have ended it, the file says so; otherwise the
   * upload goes there again, unless its application may have heard of it and must not hear twice.
   */
  async #startOver(): Promise<CommitOutcome | typeof FORGOTTEN> {
    const session = this.#known();
    if (session.stage === "closing") {
      const found = await this.#way.readBack();
      if (found.is === "whole") return this.#accepted(false);
      if (found.is === "unknown") return this.#silent("connectionLost");
    }
    if (!mayCount(session) || this.#bits.mayStartOver) {
      this.#session = null;
      await this.#bits.save(null);
      return FORGOTTEN;
    }
    await this.#save({ ...session, stage: "gone" });
    return this.#silent("connectionLost");
  }

  #accepted(isToBeClosed: boolean): CommitOutcome {
    const staticReplyUrl = this.#known().replyUrl;
    return { kind: "accepted", status: 200, copyToDestination: isToBeClosed, staticReplyUrl };
  }

  /** A broken way to the origin is the edge's to mend, and says nothing of the application. */
  #silent(why: Silence): CommitOutcome {
    return { kind: "silent", why, mayHaveArrived: mayCount(this.#session), context: 0x5 };
  }

  #known(): OriginSession {
    if (this.#session === null) throw new Error("no session at the origin");
    return this.#session;
  }

  async #save(session: OriginSession): Promise<OriginSession> {
    this.#session = session;
    await this.#bits.save(session);
    return session;
  }

  async #send(
    url: string,
    fields: ReadonlyMap<string, string>,
    content: typeof NO_CONTENT = NO_CONTENT,
  ): Promise<Verdict> {
    const headers = new Map([...askerFields(this.#errand.request.headers), ...fields]);
    return readAck(await this.#way.exchange({ url, headers, ...content }));
  }
}
