import type { Config } from "../../src/config/config.ts";
import type { Handover } from "../../src/origin/carrier.ts";
import type { CommitRequest } from "../../src/origin/commit-request.ts";
import type { CommitOutcome } from "../../src/protocol/reflect.ts";
import type { Answer } from "../../src/protocol/session-answer.ts";
import type { SessionId } from "../../src/protocol/session-id.ts";
import type { OpenSessions } from "../../src/session/open-sessions.ts";
import type { SessionHost } from "../../src/session/session-host.ts";
import type { RemoteSegment } from "../../src/session/segment-calls.ts";
import type { SegmentSizes } from "../../src/session/segment-sizes.ts";
import type { Coverage } from "./coverage.ts";
import type { Dice } from "./dice.ts";
import type { Disk } from "./disk.ts";
import type { Schedule } from "./schedule.ts";
import type { Story } from "./story.ts";
import type { Attempt, Upload } from "./upload.ts";

/** What the parts of a world know of it, and of each other. */
export interface Stage {
  readonly dice: Dice;
  readonly schedule: Schedule;
  readonly story: Story;
  readonly coverage: Coverage;
  readonly config: Config;
  readonly laws: Judge;
  readonly application: Origin;
  readonly counters: CounterObjects;
  readonly segments: SegmentObjects;
  readonly segmentSizes: SegmentSizes;
  /** Milliseconds since 1970, as the edge has it. */
  readonly clock: number;
  readonly isDiskFull: boolean;
  readonly wasDiskFull: boolean;
  readonly hasClockJumped: boolean;
  /** When the operator set all directories to hold; Infinity if never. */
  readonly heldSince: number;
  /** The object in which a session lives. */
  objectOf(id: SessionId): Machine;
}

/** From the start of an instance of an object to its death. Nothing of a life that is over goes on. */
export interface Life {
  isOver: boolean;
  /** What the instance was told to be kept in memory for. */
  underWay: number;
  /** Callers that wait for an answer. */
  readonly callers: Set<(error: Error) => void>;
  /** What the instance waits for, by name: the awaits at which a crash can come. */
  readonly waits: Map<string, number>;
}

/** A machine that runs one object. */
export interface Machine {
  readonly name: string;
  readonly disk: Disk;
  /** When its alarm rang last, by its own clock. */
  readonly rangAt: number;
  /** Whether its alarm is being answered. */
  readonly isRinging: boolean;
  /** One message to the object, and its answer: rejects if the object dies before the answer has left. */
  call<T>(what: string, run: (host: SessionHost) => T | Promise<T>): Promise<T>;
  /** Resolves when all that is written now is on disk; never, if the life ends before. */
  stored(life: Life, why: string): Promise<void>;
  /** Lets time pass for a life; does not come back if it ends meanwhile. */
  wait(life: Life, why: string, milliseconds: number): Promise<void>;
}

/** Who is told everything that a law is about. */
export interface Judge {
  readonly uploads: Upload[];
  broken(law: string, how: string): void;
  /** A request leaves for the application. */
  begins(request: CommitRequest, life: Life, purpose: Attempt["purpose"]): Attempt;
  /** The application behind the origin's BITS server hears of a session there. */
  told(attempt: Attempt, bytes: Buffer): void;
  /** The application takes what it was sent. */
  takes(attempt: Attempt, bytes: Buffer): void;
  /** The reply of the application to this attempt, and no other. */
  replyOf(attempt: Attempt): Buffer;
  /** An Ack has left. */
  acked(packet: "Fragment" | "Close" | "Cancel", upload: Upload, answer: Answer, known: number): void;
  /** The client has fetched the application's reply. */
  replied(upload: Upload, reply: Buffer): void;
  /** A client was told to give up. */
  gaveUp(upload: Upload, answer: Answer): void;
  /** A call was rejected, though its object lives. */
  callFailed(what: string, machine: Machine, error: unknown): void;
  /** Something that nobody waited for was rejected. */
  workFailed(machine: Machine, error: unknown): void;
  /** An object has died: what it left on its disk is looked at. */
  checkDisk(machine: Machine): void;
}

interface Origin {
  /** Whether it remembers Idempotency-Keys. */
  readonly remembers: boolean;
  /** One attempt. Comes back with what the edge sees of it; never, if the edge's object dies before. */
  carry(handover: Handover, machine: Machine, life: Life): Promise<CommitOutcome>;
}

interface SegmentObjects {
  /** A segment as one life of a session's object sees it. */
  remote(name: string, machine: Machine, life: Life): RemoteSegment;
  /** What the segments of an upload have on disk, up to a length. */
  stored(name: string, segmentBytes: number, length: number): Buffer;
}

interface CounterObjects {
  /** A message from a session's object: it leaves when what was written before is on disk, and may be lost. */
  tell(name: string, machine: Machine, life: Life, change: (open: OpenSessions) => void): Promise<void>;
  admit(name: string, applicant: Parameters<OpenSessions["admit"]>[0], now: number): boolean;
}
