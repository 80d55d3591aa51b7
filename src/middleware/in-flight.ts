import { Headcount } from "../runtime/headcount.ts";

/** Each piece that is on its way to its session is in the isolate's memory up to three times over. */
const MOST_IN_FLIGHT = 8;
/** A session that does not answer must not keep the others waiting. */
const LONGEST_SECONDS = 5;
const LOOK_AGAIN_MS = 10;

/** The pieces of this isolate that no session has answered yet. */
const underWay = new Headcount(LONGEST_SECONDS);

/**
 * Sends a piece when there is room for it: an isolate has 128 MB for all its connections. Whoever waits looks again
 * by a timer of its own, because one request must not depend on another that may be cancelled.
 *
 * @param send makes the call, which copies the piece
 * @returns the call; its result is not waited for
 */
export async function sendWithinBudget<Result>(
  send: () => Promise<Result>,
): Promise<{ readonly answer: Promise<Result> }> {
  while (underWay.size >= MOST_IN_FLIGHT) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  const piece = {};
  underWay.heard(piece);
  const answer = send().finally(() => underWay.over(piece));
  answer.catch(() => undefined); // whoever asks for the answer is told
  return { answer };
}
