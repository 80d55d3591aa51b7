import type { CommitOutcome } from "../protocol/reflect.ts";
import { byFetch } from "./by-fetch.ts";
import { bySocket } from "./by-socket.ts";
import { BitsLine } from "./bits-line.ts";
import type { BitsHandover, Carrier, Errand } from "./carrier.ts";
import type { CommitRequest } from "./commit-request.ts";
import { handOverBits } from "./hand-over-bits.ts";
import { log } from "../runtime/log.ts";
import { PACES, paceAround } from "./sender.ts";
import { type Condition, type Found, judgeUnread, readBack } from "./read-back.ts";

const ACCEPTED: CommitOutcome = {
  kind: "accepted",
  status: 200,
  copyToDestination: false,
  staticReplyUrl: null,
};
const LOST: CommitOutcome = { kind: "silent", why: "connectionLost", mayHaveArrived: true };

/** Hands one finished upload to the origin application and says what became of it. */
export async function commit(given: Errand): Promise<CommitOutcome> {
  if (given.bits !== null) return await handOverByLine(given, given.bits);
  const errand = given.request.carriesEntity ? given : { ...given, entity: () => [], length: 0 };
  const { reachedAt } = errand;
  const outcome = await attempt(errand);
  // Where nothing of an earlier attempt can have come to the origin, the file is not ours, whatever is in it.
  if (outcome.kind !== "destinationExists" || reachedAt === null) return outcome;
  const found = await readBack(errand);
  if (found.is === "unreadable") return await settleTaken(errand, await judgeUnread(errand, reachedAt));
  if (found.is !== "nothing") return await settleTaken(errand, found);
  const again = await attempt(errand);
  // It is there, and says 404 to whoever reads it.
  if (again.kind !== "destinationExists") return again;
  return await settleTaken(errand, await judgeUnread(errand, reachedAt));
}

async function handOverByLine(errand: Errand, bits: BitsHandover): Promise<CommitOutcome> {
  const line = new BitsLine(errand.network, errand.silenceSeconds);
  try {
    return await handOverBits(errand, bits, {
      exchange: async (packet) => await line.exchange(packet),
      readBack: async () => await readBack(errand),
      log,
    });
  } finally {
    line.close();
  }
}

/** What becomes of an upload whose destination is taken, by what was found there. */
async function settleTaken(errand: Errand, found: Found): Promise<CommitOutcome> {
  switch (found.is) {
    case "whole":
      return ACCEPTED;
    case "replaceable":
      return await attempt({ ...errand, request: withCondition(errand.request, found.condition) });
    case "other":
      return { kind: "destinationExists" };
    case "nothing":
    case "unknown":
      return LOST;
    case "unreadable":
      log("destination-unreadable", {
        url: errand.request.url,
        explanation:
          "A file is there that may be this upload, and the origin does not let it be read. The upload waits; docs/origins.md says what to allow.",
      });
      return LOST;
  }
}

/** The request, which may replace what was looked at. */
function withCondition(request: CommitRequest, condition: Condition | null): CommitRequest {
  const others = [...request.headers].filter(([name]) => name !== "If-None-Match");
  return { ...request, headers: new Map(condition === null ? others : [...others, condition]) };
}

/** One request, and a second carrier for it where the first could not reach anybody, and so has not said a word. */
async function attempt(errand: Errand): Promise<CommitOutcome> {
  const [carry, carryInstead] = carriersOf(errand);
  const outcome = await hear(carry, errand);
  const wasHeard = outcome.kind !== "silent" || outcome.why !== "cannotConnect" || outcome.mayHaveArrived;
  return wasHeard || carryInstead === undefined ? outcome : await hear(carryInstead, errand);
}

/**
 * One request, and a second one where the connection broke inside of the first: it may have been a refusal, whose reset
 * has overtaken it. The application has not been sent the whole of the first, so it cannot have taken that; the second
 * goes slowly where the first broke, and hears what it says (ruling 30, an origin's answer is heard).
 */
async function hear(carry: Carrier, errand: Errand): Promise<CommitOutcome> {
  const { outcome, brokeAt } = await carry(errand, errand.mayRepeat ? null : PACES.careful);
  if (brokeAt === null || !errand.mayRepeat) return outcome;
  const second = await carry(errand, paceAround(brokeAt));
  // A file that is there now may be what the first has left.
  const isHeard = second.outcome.kind !== "silent" && second.outcome.kind !== "destinationExists";
  return isHeard ? second.outcome : outcome;
}

/**
 * Sockets are faster, and reach no host of Cloudflare's own network (docs/decisions/0009-commits-by-socket.md). To https
 * they need a handshake each, which `fetch` saves with the connections that it keeps: that pays for small uploads.
 */
function carriersOf({ network, request, length, takeReply }: Errand): readonly [Carrier, Carrier?] {
  // Only one of them reads what an answer's body says.
  if (takeReply !== null || network.connection === "fetch") return [byFetch];
  if (network.connection === "socket") return [bySocket];
  const isWorthAHandshake = request.url.startsWith("http:") || length > HANDSHAKE_FROM_BYTES;
  return isWorthAHandshake ? [bySocket, byFetch] : [byFetch];
}

/** From here on a socket was twice as fast, handshake and all, to a host nearby (docs/decisions/0015). */
const HANDSHAKE_FROM_BYTES = 2 * 1024 * 1024;
