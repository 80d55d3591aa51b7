import assert from "node:assert/strict";
import type { SessionEvent, SessionState } from "../../../src/protocol/transitions.ts";
import type { Answer } from "../../../src/protocol/session-answer.ts";
import { formatHresult } from "../../../src/protocol/write-ack.ts";
import type { Check, Machine } from "./machine.ts";
import { DIRECTORIES, type DirectoryName, OUTCOMES, SessionPlayer } from "./session-player.ts";
import { type Line, STORIES, type Story } from "./stories.ts";

const EVENTS: readonly SessionEvent[] = ["Fragment", "Complete", "Close", "Cancel"];

/** Plays each story, line by line. */
export const STORY_CHECKS: readonly Check[] = STORIES.map((story): Check => [
  story.title,
  (machine) => play(machine, story),
]);

/** Every cell of the table, and how often a story comes by. */
export function cellsOf(states: readonly SessionState[]): Map<string, number> {
  const cells = new Map<string, number>(
    states.flatMap((state) => EVENTS.map((event) => [`${state} ${event}`, 0] as const)),
  );
  for (const [from, event] of STORIES.flatMap(({ lines }) => lines)) {
    const cell = `${from} ${event.split(" ")[0] ?? ""}`;
    const count = cells.get(cell);
    if (count !== undefined) cells.set(cell, count + 1);
  }
  return cells;
}

function play(machine: Machine, { directory, lines }: Story): void {
  const session = new SessionPlayer(machine, DIRECTORIES[directory]);
  for (const line of lines) {
    const [from, event] = line;
    assert.equal(session.state, from);
    const [action, told] = happen(session, event);
    const seen: Line = [from, event, action, session.state, format(told)];
    assert.deepEqual(seen, line);
  }
}

function happen(session: SessionPlayer, event: string): readonly [action: string, told: Answer | null] {
  const [name = "", range] = event.split(" ");
  const packet = EVENTS.find((known) => known === name);
  if (packet !== undefined) {
    const [first = 0, last = 0] = (range ?? "").split("-").map(Number);
    return session.receive(packet, [first, last]);
  }
  if (event === "the edge dies") return ["", session.die() ?? null];
  if (event === "wrong digest") return ["", session.findWrongDigest()];
  const directory = /^the operator: (.*)$/.exec(event)?.[1];
  if (directory !== undefined) {
    session.directory = directory === "none" ? null : DIRECTORIES[directory as DirectoryName];
    return ["", null];
  }
  const stage = /^the origin: (.*)$/.exec(event)?.[1];
  if (stage !== undefined) return ["", session.reach(stage as Parameters<SessionPlayer["reach"]>[0]) ?? null];
  const outcome = OUTCOMES[event];
  if (outcome === undefined) throw new Error(`no such event: ${event}`);
  return ["", session.end(outcome)];
}

/** Status and error code of an answer: "200", "403 0x80190193". */
function format(told: Answer | null): string {
  if (told === null) return "";
  const { status = 200, hresult = null } = told.fault ?? {};
  return hresult === null ? String(status) : `${status} ${formatHresult(hresult)}`;
}
