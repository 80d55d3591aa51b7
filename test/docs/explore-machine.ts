import type { SessionEvent, SessionState } from "../../src/protocol/transitions.ts";
import { MACHINE } from "../protocol/machine/machine.ts";
import {
  ACCEPTED,
  DIRECTORIES,
  OUTCOMES,
  REFUSED,
  SessionPlayer,
  TOTAL,
} from "../protocol/machine/session-player.ts";

/** From one state to another, and what brings a session there. */
export interface Edge {
  readonly from: SessionState;
  readonly to: SessionState;
  readonly by: ReadonlySet<string>;
}

type Happening = readonly [label: string, happens: (session: SessionPlayer) => void];

const HALF = TOTAL / 2;
const PACKETS: readonly Happening[] = [
  ["Fragment", (session) => session.receive("Fragment", [0, HALF - 1])],
  ["Fragment", (session) => session.receive("Fragment", [HALF, TOTAL - 1])],
  ["Fragment", (session) => session.receive("Fragment", [0, TOTAL - 1])],
  ...(["Complete", "Close", "Cancel"] satisfies SessionEvent[]).map((event): Happening => [
    event,
    (session) => session.receive(event),
  ]),
];
const ENDS: readonly Happening[] = [
  ...Object.entries(OUTCOMES).map(([label, outcome]): Happening => [
    label,
    (session) => session.end(outcome),
  ]),
  ["wrong digest", (session) => session.findWrongDigest()],
  ["the edge dies", (session) => session.die()],
];
/** The second attempt of a delivered session is the file's own: one label for all that may become of it. */
const ENDS_OF_COPY: readonly Happening[] = [
  ["the file is put", (session) => session.end(ACCEPTED)],
  ["the file is not put", (session) => session.end(REFUSED)],
  ["the edge dies", (session) => session.die()],
];
const CHANGES: readonly Happening[] = (["retry", "hold"] as const).map((unknownOutcome) => [
  `the operator says ${unknownOutcome}`,
  (session) => {
    if (session.directory !== null) session.directory = { ...session.directory, unknownOutcome };
  },
]);

function happeningsOf({ isRunning, record }: SessionPlayer): readonly Happening[] {
  if (!isRunning) return [...PACKETS, ...CHANGES];
  return [...PACKETS, ...(record?.delivery == null ? ENDS : ENDS_OF_COPY)];
}

/** Plays every event in every situation that a session can be in, in every directory. */
export function exploreMachine(): Edge[] {
  const edges = new Map<string, { from: SessionState; to: SessionState; by: Set<string> }>();
  const seen = new Set<string>();
  const open = Object.values(DIRECTORIES).map((directory) => new SessionPlayer(MACHINE, directory));
  for (let session = open.pop(); session !== undefined; session = open.pop()) {
    if (seen.has(situationOf(session))) continue;
    seen.add(situationOf(session));
    for (const [label, happens] of happeningsOf(session)) {
      const next = session.copy();
      happens(next);
      open.push(next);
      const name = `${session.state} ${next.state}`;
      const edge = edges.get(name) ?? { from: session.state, to: next.state, by: new Set<string>() };
      edges.set(name, edge);
      edge.by.add(label);
    }
  }
  const order = Object.keys(MACHINE.TRANSITIONS);
  return [...edges.values()]
    .filter(({ from, to }) => from !== to)
    .toSorted(
      (a, b) => order.indexOf(a.from) - order.indexOf(b.from) || order.indexOf(a.to) - order.indexOf(b.to),
    );
}

/** All that the machine goes by: neither times, nor how often something was tried. */
function situationOf({ state, record, offset, isRunning, directory }: SessionPlayer): string {
  const { commit = null, delivery = null } = record ?? {};
  const { unknown, fault } = commit ?? {};
  return JSON.stringify([
    state,
    record?.state,
    offset,
    isRunning,
    directory,
    unknown,
    fault,
    delivery,
  ]).replace(/"at":\d+/g, "");
}
