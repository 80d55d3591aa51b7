import { bad, doubtful, type Finding, good, none } from "./finding.ts";
import type { Patient, Spoken } from "./patient.ts";
import { heardInWords } from "./who-answers.ts";

/** Half of a minute may be the line's; five minutes are what Kerberos and signed URLs forgive. */
const SKEW_SECONDS = 60;

/** What the edge says of itself and its origin at HEALTH_PATH. */
export async function examineHealth(patient: Patient, path: string): Promise<Finding[]> {
  const heard = await patient.get(path);
  if (heard.kind === "silent") return [none("origin", `${path}: ${heardInWords(heard)}`)];
  return [judgeHealth(heard, path), ...judgeClock(heard)];
}

function judgeHealth(heard: Spoken, path: string): Finding {
  const { configuration, origin } = healthOf(heard.text);
  if (configuration === null)
    return none("origin", `${path} is not the edge's: ${heardInWords(heard)}; --health-path names another`);
  if (configuration !== "fine") {
    return bad(
      "origin",
      "the edge cannot read its configuration",
      "Every packet is answered 500, and nothing is passed on.",
      'The edge\'s log has the sentence that names the setting: look for "misconfigured".',
    );
  }
  if (origin === "fine") return good("origin", "the edge reaches its origin");
  if (origin === "untrusted") {
    return bad(
      "origin",
      "the edge's origin takes connections, and TLS with it fails",
      "Uploads are taken, and none is handed over: clients hear 502 at Close-Session and come back.",
      "Look at the origin's certificate (curl -v of ORIGIN_URL): expired, for another name, or of an authority that the edge does not know.",
    );
  }
  return bad(
    "origin",
    "the edge does not reach its origin",
    "Uploads are taken, and none is handed over: clients hear 502 or 504 at Close-Session and come back.",
    "Start the origin; look at ORIGIN_URL, and whether it lets the edge's machine or network connect.",
  );
}

function healthOf(text: string): { configuration: string | null; origin: string | null } {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said !== "object" || said === null || !("configuration" in said)) throw new Error("not ours");
    return {
      configuration: String(said.configuration),
      origin: "origin" in said ? String(said.origin) : null,
    };
  } catch {
    return { configuration: null, origin: null };
  }
}

/** The clock of whoever answered, by its Date; whole seconds, and as old as the answer was on its way. */
function judgeClock({ head, milliseconds }: Spoken): Finding[] {
  const date = Date.parse(head.headers.find(([name]) => name.toLowerCase() === "date")?.[1] ?? "");
  if (Number.isNaN(date)) return [];
  const skew = Math.round((Date.now() - milliseconds / 2 - date) / 1000);
  if (Math.abs(skew) <= SKEW_SECONDS) return [good("clock", "its clock and this one agree")];
  const says = `its clock is ${Math.abs(skew)} s ${skew > 0 ? "behind" : "ahead of"} this one`;
  const means = "Certificates, signed URLs of replies, and logs of the two do not fit together.";
  return [doubtful("clock", says, means, "Set both by NTP.")];
}
