import { setTimeout as pause } from "node:timers/promises";
import { FAULTS } from "../../src/protocol/faults.ts";
import type { Courier } from "../bits-client/courier.ts";
import { answerInWords } from "../bits-client/in-words.ts";
import { transportError } from "../bits-client/transport-error.ts";
import { CliError } from "../terminal/cli-error.ts";
import { isFinal } from "./hear.ts";
import { type Patience, WaitTimes } from "./wait-times.ts";

/** How long a session that is only in the way is worth a try. */
const COURTESY_SECONDS = 5;

/**
 * Sends Cancel-Session, [MC-BUP] 2.2.10. A session that is not known any more is as good as cancelled; 5xx is
 * tried again, all else is not (Win32 "Ack for Cancel-Session").
 *
 * @param mustBeHeard false: tried for a few seconds, whatever comes of it; the session's own timeout removes the rest
 * @throws CliError where it must be heard and was not
 */
export async function cancel(
  sessionId: string,
  courier: Courier,
  { patience, signal }: { readonly patience: Patience; readonly signal: AbortSignal },
  mustBeHeard: boolean,
): Promise<void> {
  const noProgressSeconds = mustBeHeard ? patience.noProgressSeconds : COURTESY_SECONDS;
  const waits = new WaitTimes({ ...patience, noProgressSeconds }, () => performance.now(), Math.random);
  for (;;) {
    let because: string;
    try {
      const answer = await courier.send({ type: "Cancel-Session", sessionId }, undefined, signal);
      if ((answer.isAck && answer.status === 200) || answer.hresult === FAULTS.sessionUnknown.hresult) return;
      because = `Cancel-Session was answered ${answerInWords(answer)}`;
      if (mustBeHeard && isFinal("Cancel-Session", answer.status))
        throw new CliError("refused", `${because}.`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CliError) throw error;
      because = `Cancel-Session got no answer: ${transportError(error).message}`;
    }
    const seconds = waits.next(null);
    if (seconds === null && !mustBeHeard) return;
    if (seconds === null) throw new CliError("later", `${because}. Gave up for now.`);
    await pause(seconds * 1000, undefined, { signal });
  }
}
