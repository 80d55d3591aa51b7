import type { Overview } from "../seat.ts";
import { countIn, groupOf, receivingNow } from "./groups.ts";
import { bytesInWords, countOf, durationInWords } from "./quantities.ts";
import type { Tone } from "./state-words.ts";

/** Something that an operator should know: how grave it is, a sentence, and the list that shows it (`groups.ts`). */
export interface Finding {
  readonly tone: Extract<Tone, "well" | "waiting" | "bad">;
  readonly sentence: string;
  readonly group: string;
}

/** A whole upload may wait for so long before the page warns: Windows comes again after ten minutes. */
const PATIENCE_MILLISECONDS = 15 * 60 * 1000;

/** Looks for one fault; null if there is none. */
type Look = (overview: Overview) => Finding | null;

/** Uploads handed over in this hour and the hour before. The page compares the failures of the last hour with them. */
function recentlyCommitted({ hours }: Overview): number {
  return hours.slice(-2).reduce((sum, hour) => sum + hour.committed, 0);
}

/** So many of a client's packets may be refused until the page speaks of it: once is usual. */
const OFTEN = 10;
/** A client that has lost its session starts over, one that has left a gap goes back. */
const LOST: ReadonlySet<string> = new Set(["sessionUnknown", "offsetGap"]);

function refusedFor({ refused }: Overview, fault: string): number {
  return refused.reduce((sum, one) => sum + (one.fault === fault ? one.count : 0), 0);
}

/** What may be wrong, the gravest first. */
const LOOKS: readonly Look[] = [
  (overview) => {
    const count = refusedFor(overview, "storageFull");
    const sentence = `The edge's disk is full: ${countOf(count, "Fragment")} found no room. Make room, or cancel uploads that nobody wants.`;
    return count === 0 ? null : { tone: "bad", sentence, group: "receiving" };
  },
  (overview) => {
    const count = refusedFor(overview, "misconfigured");
    const sentence = `A setting of the edge is wrong, and ${countOf(count, "packet was", "packets were")} refused because of it; the log names it.`;
    return count === 0 ? null : { tone: "bad", sentence, group: "open" };
  },
  (overview) => {
    const count = countIn(overview, groupOf("held"));
    const sentence = `${countOf(count, "upload is", "uploads are")} held: nobody knows whether the application has ${count === 1 ? "it" : "them"}, and you decide.`;
    return count === 0 ? null : { tone: "bad", sentence, group: "held" };
  },
  (overview) => {
    if (overview.failedLastHour === 0 || recentlyCommitted(overview) > 0) return null;
    const attempts = countOf(overview.failedLastHour, "attempt");
    return {
      tone: "bad",
      sentence: `The origin takes nothing: ${attempts} failed in the last hour, none went through.`,
      group: "not-taken",
    };
  },
  (overview) => {
    const count = countIn(overview, groupOf("unreadable"));
    const sentence = `${countOf(count, "session")} cannot be read; the log says why.`;
    return count === 0 ? null : { tone: "bad", sentence, group: "unreadable" };
  },
  (overview) => {
    if (overview.failedLastHour === 0 || recentlyCommitted(overview) === 0) return null;
    const attempts = countOf(overview.failedLastHour, "attempt");
    return {
      tone: "waiting",
      sentence: `${attempts} to hand an upload over failed in the last hour; others went through.`,
      group: "not-taken",
    };
  },
  ({ refused }) => {
    const worst = refused.find(({ fault, count }) => LOST.has(fault) && count >= OFTEN);
    if (worst === undefined) return null;
    const { client, count, fault } = worst;
    const why = fault === "offsetGap" ? "it sends what leaves a gap" : "nobody knows its session";
    const sentence = `A client goes in circles: ${countOf(count, "packet")} of ${client ?? "an unknown address"} within the last quarter of an hour, and ${why}.`;
    return { tone: "waiting", sentence, group: "open" };
  },
  ({ at, oldestWaitingSince }) => {
    if (oldestWaitingSince === null || at - oldestWaitingSince < PATIENCE_MILLISECONDS) return null;
    const waited = durationInWords(at - oldestWaitingSince);
    return {
      tone: "waiting",
      sentence: `An upload has been whole for ${waited} and is not with the application.`,
      group: "waiting",
    };
  },
];

/** What is to be said, the gravest first: at least one sentence. */
export function judge(overview: Overview): readonly [Finding, ...Finding[]] {
  const [gravest, ...others] = LOOKS.map((look) => look(overview)).filter((finding) => finding !== null);
  return gravest === undefined ? [allIsWell(overview)] : [gravest, ...others];
}

function allIsWell(overview: Overview): Finding {
  const count = receivingNow(overview);
  const rate = bytesInWords(overview.receiving.bytesPerSecond);
  const now =
    count === 0
      ? "Nothing is coming in just now."
      : `${countOf(count, "upload is", "uploads are")} coming in at ${rate}/s.`;
  return { tone: "well", sentence: `All is well. ${now}`, group: "receiving" };
}
