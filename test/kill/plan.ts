import { type Moment, MOMENTS, type Sight } from "./moments.ts";
import { Random } from "./random.ts";

/** How the application behind a directory treats a commit; `edge.ts` has the directories. */
export type Directory =
  | "/files/" // PUT, kept as a whole or not at all
  | "/in-place/" // PUT, written where it belongs as it comes: a broken commit leaves its beginning
  | "/overwrite/" // PUT without If-None-Match
  | "/brief/" // PUT, and a tombstone of two seconds
  | "/keyed/" // POST to an application that honours Idempotency-Key
  | "/forgetful/" // POST to one that does not
  | "/early/" // PUT in the Ack of the last Fragment: commit_on = "last-fragment"
  | "/reply/" // POST in the Ack of the last Fragment, which has the URL of the application's reply
  | "/referred/" // POST without the entity, which the application GETs; it honours Idempotency-Key
  | "/referred-reply/" // the same in the Ack of the last Fragment; the application PUTs its reply
  | "/copied/" // POST, and the application wants the file at its destination too: PUT, in the same Close-Session
  | "/copied-late/" // POST in the Ack of the last Fragment, with a reply; PUT at Close-Session
  | "/hold/"; // like /forgetful/, with unknown_outcome = "hold"

/** How a client means to end. */
type Ending =
  | "close"
  | "close-twice" // as a client does whose journal of the first Ack was lost
  | "cancel" // gives up after some bytes
  | "vanish"; // closes, and does not come back if it does not hear the Ack

/** Directories whose application has a reply for the client. */
export function replies(directory: Directory): boolean {
  return directory === "/reply/" || directory === "/referred-reply/" || directory === "/copied-late/";
}

/** Directories in which the Ack of the last Fragment says what the application said. */
export function commitsEarly(directory: Directory): boolean {
  return directory === "/early/" || replies(directory);
}

/** Directories in which the file goes to its destination after an application has taken it. */
export function isCopied(directory: Directory): boolean {
  return directory === "/copied/" || directory === "/copied-late/";
}

/** One upload, decided before it begins. */
export interface UploadPlan {
  /** The destination: path of the file, the same at edge and origin. */
  readonly destination: string;
  readonly directory: Directory;
  readonly size: number;
  readonly fragmentBytes: number;
  readonly startMilliseconds: number;
  readonly ending: Ending;
  /** Offset after which a client that cancels does so. */
  readonly cancelAt: number;
}

/** One SIGKILL. */
export interface KillPlan {
  readonly moment: Moment;
  /** The upload at whose moment it comes; for a time, none. */
  readonly destination: string | null;
  /** Offset in the file, or milliseconds where the moment is a time. */
  readonly at: number;
  /** From the moment to the kill: what a client has only just sent the edge is not at work on yet. */
  readonly afterMilliseconds: number;
  /** How long the edge stays down. */
  readonly downMilliseconds: number;
}

export interface RoundPlan {
  readonly round: number;
  /** SESSION_OBJECTS of the edge: an object for each session, or one for all. */
  readonly sessionObjects: 0 | 1;
  readonly uploads: readonly UploadPlan[];
  /** One after another; the first always comes about. */
  readonly kills: readonly [KillPlan, ...KillPlan[]];
}

const MEBIBYTE = 1024 * 1024;
/** Of one upload; many small Fragments take long and show nothing new. */
const MOST_FRAGMENTS = 30;
export const DIRECTORIES = [
  "/files/",
  "/in-place/",
  "/overwrite/",
  "/keyed/",
  "/forgetful/",
  "/hold/",
  "/early/",
  "/reply/",
  "/referred/",
  "/referred-reply/",
  "/copied/",
  "/copied-late/",
  "/brief/",
] as const;

/** Moments that only come where the application is told in some way. */
const WHERE = new Map<Sight | null, readonly [Directory, ...Directory[]]>([
  ["log:expired", ["/brief/"]],
  ["entity-half", ["/referred/", "/referred-reply/"]],
  ["reply-half", ["/referred-reply/"]],
  ["log:delivered", ["/copied/", "/copied-late/"]],
  ["copy-half", ["/copied/", "/copied-late/"]],
  ["copy-taken", ["/copied/", "/copied-late/"]],
]);
/** Moments inside of bytes that are on their way: there have to be some. */
const INSIDE = new Set<Sight | null>([
  "body",
  "commit-first-byte",
  "commit-half",
  "entity-half",
  "copy-half",
]);

const ORPHANING = MOMENTS.filter(({ sight }) => sight === "commit-head" || sight === "commit-taken") as [
  Moment,
  ...Moment[],
];

/** The same for the same seed and round, whatever happened before. */
export function planRound(seed: string, round: number, clients: number): RoundPlan {
  const random = new Random(`${seed}/${round}`);
  // Every moment comes up before one comes up again.
  const moment = MOMENTS[(round + offsetOf(seed)) % MOMENTS.length] ?? MOMENTS[0];
  const target = planUpload(random, round, 0, moment);
  const others = Array.from({ length: clients - 1 }, (_, index) =>
    planUpload(random, round, index + 1, null),
  );
  const uploads = [target, ...others];
  const kill = planKill(random, moment, target);
  // An orphan has to be made before it can be taken up.
  const [first, ...rest] =
    moment.sight === "log:orphaned"
      ? ([planKill(random, random.pick(ORPHANING), target), kill] as const)
      : [kill];
  const more = Array.from({ length: random.pick([0, 0, 1, 2]) }, () =>
    planKill(random, random.pick(MOMENTS), random.pick([target, ...others])),
  );
  return { round, sessionObjects: random.pick([0, 1]), uploads, kills: [first, ...rest, ...more] };
}

export function planUpload(random: Random, round: number, index: number, moment: Moment | null): UploadPlan {
  const directory = directoryFor(moment, random);
  const fragmentBytes = random.pick([5 * 1024, 100_000, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 13 * MEBIBYTE]);
  const ofMoment = moment?.name === "at a piece's end" ? MEBIBYTE + 2 : 0;
  const size = Math.max(Math.min(sizeOf(random), fragmentBytes * MOST_FRAGMENTS), ofMoment);
  const bytes = INSIDE.has(moment?.sight ?? null) ? Math.max(size, 2) : size;
  return {
    destination: `${directory}round-${round}-upload-${index}.bin`,
    directory,
    size: bytes,
    fragmentBytes,
    startMilliseconds: moment === null ? random.between(0, 300) : random.between(0, 50),
    ending: endingFor(moment, directory, random),
    cancelAt: random.between(0, bytes),
  };
}

function directoryFor(moment: Moment | null, random: Random): Directory {
  const directory = random.pick(WHERE.get(moment?.sight ?? null) ?? DIRECTORIES);
  return moment?.sight?.startsWith("cancel") && commitsEarly(directory) ? "/files/" : directory;
}

function endingFor(moment: Moment | null, directory: Directory, random: Random): Ending {
  if (moment?.sight?.startsWith("cancel")) return "cancel";
  // Their last Fragment is delivered when it comes, and there is nothing left to cancel.
  if (commitsEarly(directory)) return "close";
  // One whose first Ack was heard does not vanish; nor does one that the kill needs to go on.
  if (moment !== null || directory === "/brief/") return "close";
  return random.pick(["close", "close", "close", "close-twice", "cancel", "vanish"]);
}

function sizeOf(random: Random): number {
  const kind = random.next();
  if (kind < 0.05) return 0;
  if (kind < 0.25) return random.between(1, 20_000);
  if (kind < 0.6) return random.pick([1, 2, 3] as const) * MEBIBYTE + random.between(-1, 1);
  return random.between(20_000, 4 * MEBIBYTE);
}

function planKill(random: Random, moment: Moment, { destination, size }: UploadPlan): KillPlan {
  const downMilliseconds = random.pick([0, 0, 50, 200]);
  const isOnlySent = moment.sight?.endsWith("-sent") === true;
  const afterMilliseconds = isOnlySent ? random.pick([0, 1, 2, 4]) : 0;
  if (moment.sight === null) {
    const at = random.between(10, 900);
    return { moment, destination: null, at, afterMilliseconds, downMilliseconds };
  }
  const pieces = Math.max(1, Math.floor((size - 2) / MEBIBYTE));
  const at =
    moment.name === "at a piece's end"
      ? random.between(1, pieces) * MEBIBYTE + random.between(-1, 1)
      : random.between(1, Math.max(1, size));
  return { moment, destination, at, afterMilliseconds, downMilliseconds };
}

function offsetOf(seed: string): number {
  return new Random(seed).between(0, MOMENTS.length - 1);
}
