import type { CommitOutcome } from "../protocol/reflect.ts";
import { byFetch } from "./by-fetch.ts";
import { bySocket } from "./by-socket.ts";
import type { CommitRequest } from "./commit-request.ts";
import type { Carrier, Delivery } from "./carrier.ts";
import { readBack } from "./read-back.ts";

/** Hands one finished upload to the origin application and says what became of it. */
export async function commit(given: Delivery): Promise<CommitOutcome> {
  const delivery = given.request.carriesEntity ? given : { ...given, entity: () => [], length: 0 };
  const outcome = await attempt(delivery);
  if (outcome.kind !== "destinationExists" || !delivery.isRepetition) return outcome;
  const { request, entity, silenceSeconds } = delivery;
  switch (await readBack(request.url, request.headers.get("Authorization"), entity(), silenceSeconds)) {
    case "whole":
      return { kind: "accepted", status: 200, copyToDestination: false, staticReplyUrl: null };
    case "beginning":
      // Our own torn file: the condition was there to protect others'.
      return await attempt({ ...delivery, request: withoutCondition(request) });
    case "nothing":
      return await attempt(delivery);
    case "other":
      return outcome;
  }
}

function withoutCondition(request: CommitRequest): CommitRequest {
  return { ...request, headers: new Map([...request.headers].filter(([name]) => name !== "If-None-Match")) };
}

/** One request, and a second carrier for it where the first could not reach anybody, and so has not said a word. */
async function attempt(delivery: Delivery): Promise<CommitOutcome> {
  const [carry, carryInstead] = carriersOf(delivery);
  const outcome = await carry(delivery);
  const wasHeard = outcome.kind !== "silent" || outcome.why !== "cannotConnect" || outcome.mayHaveArrived;
  return wasHeard || carryInstead === undefined ? outcome : await carryInstead(delivery);
}

/** Sockets are faster, and reach no host of Cloudflare's own network (docs/decisions/0009-commits-by-socket.md). */
function carriersOf({ connection, request, takeReply }: Delivery): readonly [Carrier, Carrier?] {
  // Only one of them reads what an answer's body says.
  if (takeReply !== null || connection === "fetch") return [byFetch];
  if (connection === "socket") return [bySocket];
  return request.url.startsWith("http:") ? [bySocket, byFetch] : [byFetch];
}
