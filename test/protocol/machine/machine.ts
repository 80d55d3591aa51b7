import * as planPiece from "../../../src/protocol/plan-piece.ts";
import * as reflect from "../../../src/protocol/reflect.ts";
import * as sessionAnswer from "../../../src/protocol/session-answer.ts";
import * as transitions from "../../../src/protocol/transitions.ts";

/** Everything that decides about a session: the table of transitions and the pure functions around it. */
export type Machine = typeof planPiece & typeof reflect & typeof sessionAnswer & typeof transitions;

/** The machine as it is. `npm run test:mutants` loads others, with one thing changed in each. */
export const MACHINE: Machine = { ...planPiece, ...reflect, ...sessionAnswer, ...transitions };

/** A sentence about the machine, and what throws where the sentence is not true of it. */
export type Check = readonly [sentence: string, holds: (machine: Machine) => void];
