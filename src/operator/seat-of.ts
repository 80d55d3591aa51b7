import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import { parseSessionId, type SessionId } from "../protocol/session-id.ts";
import { log } from "../runtime/log.ts";
import { objectOf } from "../runtime/placement.ts";
import { recentRefusals } from "../runtime/refusals.ts";
import type { ListFigures } from "../session/operator-calls.ts";
import { indexNameOf, isInSharedObject, objectNameOf } from "../signed/session-place.ts";
import { formatSignedUrl } from "../signed/signed-url.ts";
import { findSessions, listsOf, type RemoteList } from "./find-sessions.ts";
import { overviewOf } from "./look-over.ts";
import type {
  Deed,
  DeedResult,
  Operator,
  Overview,
  Seat,
  SessionDetails,
  SessionSearch,
  SessionsFound,
} from "./seat.ts";

const RESCUE_MS = 60 * 60 * 1000;
/** If sessions have an object each, the seat asks so many of them what they receive: those that changed last. */
const MOST_ASKED = 32;
/** Of clients that are refused the overview names so many. */
const MOST_REFUSED = 20;
const NO_LIST =
  "Sessions that have an object each are listed by an index, which this edge has not: bind SESSION_INDEX (docs/operator.md).";

type Bindings = Pick<Env, "UPLOAD_SESSIONS" | "SESSION_INDEX">;

/** What the seat needs of a request beside the bindings. */
interface Surroundings {
  readonly config: Config;
  /** Scheme and host by which the operator reaches the edge. */
  readonly base: string;
  /** Has work done that nobody waits for. */
  readonly keepAlive: (work: Promise<unknown>) => void;
}

/** The seat of an edge: its sessions, wherever they live. */
export function seatOf(bindings: Bindings, surroundings: Surroundings): MeasuredSeat {
  return new EdgeSeat(bindings, surroundings);
}

/** A seat that also gives the figures of each list. */
export interface MeasuredSeat extends Seat {
  figures(): Promise<readonly ListFigures[]>;
}

class EdgeSeat implements MeasuredSeat {
  readonly #bindings: Bindings;
  readonly #surroundings: Surroundings;
  readonly #lists: readonly RemoteList[];

  constructor(bindings: Bindings, surroundings: Surroundings) {
    this.#bindings = bindings;
    this.#surroundings = surroundings;
    this.#lists = listsOf(bindings, surroundings.config);
  }

  async overview(): Promise<Overview> {
    const now = Date.now();
    const refused = recentRefusals(now, MOST_REFUSED);
    return { ...overviewOf(await this.figures(), now), refused, ...this.#missing };
  }

  async figures(): Promise<readonly ListFigures[]> {
    const figures = this.#lists.map(async (list) => await list.figures());
    const inflow = this.#bindings.SESSION_INDEX === undefined ? [] : [this.#inflowOfOwnObjects()];
    return await Promise.all([...figures, ...inflow]);
  }

  async sessions(search: SessionSearch): Promise<SessionsFound> {
    return { ...(await findSessions(this.#lists, search)), ...this.#missing };
  }

  async session(text: string): Promise<SessionDetails | null> {
    const id = parseSessionId(text);
    if (id === null) return null;
    const details = (await this.#object(id).describe(id)) as SessionDetails | null;
    this.#correctIndex(id, details);
    return details;
  }

  async act(text: string, deed: Deed, { name: by, mayAct }: Operator): Promise<DeedResult> {
    const id = parseSessionId(text);
    if (id === null) return { result: "unknown" };
    if (!mayAct) return { result: "refused", why: `Who has the ${by} may look, and not act.` };
    const done = (await this.#object(id).act(id, deed, by)) as DeedResult;
    const { kind } = deed;
    const application = deed.kind === "release" ? deed.application : null;
    log("operator-deed", { session: id, deed: kind, application, by, result: done.result });
    return done;
  }

  async rescueUrl(text: string, { name: by, mayAct }: Operator): Promise<string | null> {
    const { config, base } = this.#surroundings;
    const details = mayAct ? await this.session(text) : null;
    const directory = config.directories.find(({ path }) => path === details?.directory);
    const [key] = config.sessionKeys;
    if (details?.hasBytes !== true || directory === undefined || key === undefined) return null;
    const { session } = details;
    log("operator-deed", { session, deed: "rescue", application: null, by, result: "done" });
    const until = Date.now() + RESCUE_MS;
    return await formatSignedUrl("entity", config.publicUrl ?? base, directory, session, until, key);
  }

  #object(id: SessionId) {
    return objectOf(this.#bindings.UPLOAD_SESSIONS, objectNameOf(id), this.#surroundings.config.placement);
  }

  /** The session's own object is right. It corrects the row in the index, and nobody waits for that. */
  #correctIndex(id: SessionId, details: SessionDetails | null): void {
    const { SESSION_INDEX } = this.#bindings;
    if (SESSION_INDEX === undefined || isInSharedObject(id)) return;
    const correcting = objectOf(SESSION_INDEX, indexNameOf(id), this.#surroundings.config.placement).correct(
      id,
      details,
    );
    this.#surroundings.keepAlive(
      correcting.catch((error: unknown) =>
        log("failed", { during: "list", session: id, error: String(error) }),
      ),
    );
  }

  async #inflowOfOwnObjects(): Promise<ListFigures> {
    const { sessions } = await findSessions(this.#lists, { state: "receiving", limit: MOST_ASKED });
    const own = sessions.filter(({ session }) => !isInSharedObject(session));
    const inflows = await Promise.all(
      own.map(async ({ session }) => (await this.#object(session).figures()).inflow),
    );
    const inflow = {
      sessions: inflows.filter((one) => one.sessions > 0).length,
      bytes: inflows.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    return { counts: [], oldestWaitingSince: null, tallies: [], inflow };
  }

  get #missing(): { readonly missing?: string } {
    const { config } = this.#surroundings;
    const isWhole = config.sessionObjects > 0 || this.#bindings.SESSION_INDEX !== undefined;
    return isWhole ? {} : { missing: NO_LIST };
  }
}
