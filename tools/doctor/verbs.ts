import type { Verb } from "../bits-client/packet-head.ts";
import { bad, type Finding, good } from "./finding.ts";
import type { Heard, Patient } from "./patient.ts";
import { heardInWords, whoAnswers } from "./who-answers.ts";

/** Asks by a Ping in both verbs, and notes in the patient which one works. Without either the examination ends. */
export async function examineVerbs(patient: Patient): Promise<Finding> {
  const bitsPost = await patient.ask({ type: "Ping" }, "BITS_POST");
  const post = await patient.ask({ type: "Ping" }, "POST");
  patient.verb = isAck(bitsPost) || !isAck(post) ? "BITS_POST" : "POST";
  if (isAck(bitsPost)) {
    return good("verbs", isAck(post) ? "BITS_POST arrives, and POST too" : "BITS_POST arrives");
  }
  if (isAck(post)) return onlyPost(bitsPost);
  return neither(bitsPost, post);
}

/** An Ack that refuses has arrived too: what it says is for the steps that follow. */
function isAck(heard: Heard): boolean {
  return heard.kind === "spoken" && heard.answer.isAck;
}

/** The edge is there, and what stands before it, or its own HTTP front end, stops the verb. */
function onlyPost(heard: Heard): Finding {
  const says = `BITS_POST: ${heardInWords(heard)}; POST arrives`;
  const means =
    "Windows' clients say BITS_POST, and give up at this answer. Only clients that say POST get through.";
  const who = heard.kind === "spoken" ? whoAnswers(heard) : null;
  if (heard.kind === "spoken" && heard.answer.status !== 501) {
    const advice = `${who ?? "A firewall or gateway on the way"} forbids the verb: allow BITS_POST there.`;
    return bad("verbs", says, means, advice);
  }
  const advice =
    "This leads to the edge's HTTP door with the verb unchanged, and no HTTP front end of a Worker knows it. Have a " +
    "gateway rewrite it (proxy_method in deploy/nginx.conf, set-method in deploy/haproxy.cfg), or lead clients to the TCP door.";
  return bad("verbs", says, means, advice);
}

/** Status → what it means and what to do, where no BITS server answers to either verb. */
const NEITHER: readonly (readonly [statuses: readonly number[], means: string, advice: string])[] = [
  [
    [301, 302, 303, 307, 308],
    "BITS follows no redirect of an upload.",
    "Use the URL that it leads to, or answer BITS_POST here without a redirect.",
  ],
  [
    [401, 407],
    "Something on the way wants credentials before a BITS server is asked.",
    "Give them by --user or --bearer, or let packets pass: the edge asks the origin itself (authorize).",
  ],
  [
    [403, 405, 406],
    "A firewall or gateway forbids it before a BITS server is asked.",
    "Allow BITS_POST and POST for this path there.",
  ],
  [
    [404, 410],
    "Somebody answers who has nothing at this path and is no BITS server: the edge is not in the way, or not at this name.",
    "Look where the gateway sends this name and path.",
  ],
  [
    [502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 530],
    "A gateway answers, and cannot reach the edge behind it. Clients try again for 14 days.",
    "Start the edge, and look at the address and port to which the gateway sends (proxy_pass, upstream, server).",
  ],
  [
    [501],
    "Whoever answers knows neither the verb nor BITS packets in a POST: the edge is not in the way.",
    "Look where the gateway sends this name and path.",
  ],
];

function neither(bitsPost: Heard, post: Heard): Finding {
  const says = `BITS_POST: ${heardInWords(bitsPost)}; POST: ${heardInWords(post)}`;
  for (const heard of [post, bitsPost]) {
    if (heard.kind === "silent") continue;
    const row = NEITHER.find(([statuses]) => statuses.includes(heard.answer.status));
    if (row !== undefined) return bad("verbs", says, row[1], row[2]);
  }
  const isSilent = post.kind === "silent" && bitsPost.kind === "silent";
  return bad(
    "verbs",
    says,
    isSilent ? "The port is open, and nobody speaks HTTP there." : "What answers is no BITS server.",
    "Look whether the port is right (http and https differ), and where the gateway sends this name and path.",
  );
}

/** The verb of the finding's patient works. */
export function isHeard({ mark }: Finding, verb: Verb): boolean {
  return mark === "good" || verb === "POST";
}
