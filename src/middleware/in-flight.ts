import { Headcount } from "../runtime/headcount.ts";

/** A piece that is on its way to its session is in the isolate's memory up to three times. */
const MOST_IN_FLIGHT = 8;
/** After this time a piece no longer counts, so that a session that does not answer holds up no other. */
const LONGEST_SECONDS = 5;
const LOOK_AGAIN_MS = 10;

/** The pieces of this isolate that no session has answered yet. */
const piecesInFlight = new Headcount(LONGEST_SECONDS);

/**
 * Sends a piece as soon as there is room for it: an isolate has 128 MB for all its connections. Each waiting request
 * looks again by its own timer, because the runtime may cancel any other request at any time.
 *
 * @param send makes the call, which copies the piece
 * @returns the call, begun; this function does not wait for the result
 */
export async function sendWithinBudget<Result>(
  send: () => Promise<Result>,
): Promise<{ readonly answer: Promise<Result> }> {
  while (piecesInFlight.size >= MOST_IN_FLIGHT)
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  const piece = {};
  piecesInFlight.heard(piece);
  const answer = send().finally(() => piecesInFlight.over(piece));
  answer.catch(() => undefined); // whoever awaits the answer still sees the error
  return { answer };
}
