import fc from "fast-check";
import { expect } from "vitest";
import { type Ack, cancelSession, closeSession, fragment, ping } from "../support/bits-client.ts";
import type { Model, OriginMood, Said, SessionModel } from "./model.ts";
import { type Real, type RealSession, said } from "./real.ts";

export type Command = fc.AsyncCommand<Model, Real>;

const SESSIONS = 2;

/** What is done to the model and to the edge; both are to say the same. */
function command(
  text: string,
  check: (model: Model) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Command {
  return { check, run, toString: () => text };
}

function expectSame(ack: Ack, expected: Said): void {
  expect(said(ack)).toEqual(expected);
}

/** One packet of a session, if it is there. */
function packet(
  text: string,
  which: number,
  run: (session: SessionModel, real: Real, known: RealSession, model: Model) => Promise<void>,
  fits: (session: SessionModel, model: Model) => boolean = () => true,
): Command {
  const sessionOf = ({ sessions }: Model): SessionModel | undefined => sessions[which];
  return command(
    `${text} of session ${which}`,
    (model) => {
      const session = sessionOf(model);
      return session !== undefined && fits(session, model);
    },
    async (model, real) => {
      const [session, known] = [sessionOf(model), real.sessions[which]];
      if (session === undefined || known === undefined) throw new Error("there is such a session");
      await run(session, real, known, model);
    },
  );
}

export function create(size: number): Command {
  return command(
    `Create-Session for ${size} bytes`,
    ({ sessions }) => sessions.length < SESSIONS,
    async (model, real) => {
      const expected = model.create(size);
      expectSame(await real.create(size), expected);
    },
  );
}

const pinged = command(
  "Ping",
  () => true,
  async (_, real) => {
    expectSame(await real.say(async (connection) => await ping(connection, real.target)), { status: 200 });
  },
);

/** Where a Fragment begins and ends, from where the session stands. */
const PLACES = {
  next: (offset, total, part) => [offset, offset + part * (total - offset)],
  rest: (offset, total) => [offset, total],
  whole: (_, total) => [0, total],
  again: (offset, _, part) => [part * offset, offset],
  overlapping: (offset, total, part) => [part * offset, offset + part * (total - offset)],
  beyond: (offset, total, part) => [offset + 1 + part * (total - offset), total],
  anywhere: (_, total, part) => [part * total, total - part * part * total],
} satisfies Record<string, (offset: number, total: number, part: number) => [number, number]>;

function sent(which: number, place: keyof typeof PLACES, part: number, isWrong: boolean): Command {
  const name = `Fragment ${place} ${part.toFixed(2)}${isWrong ? " of a wrong total" : ""}`;
  return packet(name, which, async (session, real, { id, bytes }) => {
    const total = (session.total ?? session.size) + (isWrong ? 1 : 0);
    const [from, to] = PLACES[place](Math.min(session.offset, total), total, part);
    // At least one byte, inside the file.
    const first = Math.min(Math.floor(from), total - 1);
    const end = Math.min(Math.max(Math.ceil(to), first + 1), total);
    const range = { sessionId: id, first, total, bytes: bytes.subarray(first, end) };
    const expected = session.fragment(first, end - first, total);
    const ack = await real.say(async (connection) => await fragment(connection, real.target, range));
    expectSame(ack, expected);
    real.keepReply(which, ack);
  });
}

async function close(session: SessionModel, real: Real, { id }: RealSession): Promise<void> {
  const expected = session.close();
  expectSame(await real.say(async (connection) => await closeSession(connection, real.target, id)), expected);
}

/** Most clients close what is complete; `isHasty` ones do not care. */
function closed(which: number, isHasty: boolean): Command {
  return packet("Close-Session", which, close, ({ state }) => isHasty || state !== "receiving");
}

function downloaded(which: number): Command {
  return command(
    `GET of the reply of session ${which}`,
    ({ sessions }) => sessions[which]?.hasOfferedReply === true,
    async ({ sessions }, real) => {
      expect(await real.getReply(which)).toBe(sessions[which]?.state === "delivered" ? 200 : 404);
    },
  );
}

function cancelled(which: number): Command {
  return packet("Cancel-Session", which, async (session, real, { id }) => {
    const expected = session.cancel();
    const ack = await real.say(async (connection) => await cancelSession(connection, real.target, id));
    expectSame(ack, expected);
  });
}

/** The edge dies while the origin thinks. The client comes back at once: later the edge would go on by itself. */
function closedAndDied(which: number): Command {
  return packet(
    "Close-Session, death of the edge, Close-Session",
    which,
    async (session, real, { id }, model) => {
      const before = real.origin.requests.length;
      real.setMood("is silent");
      const lost = real.say(async (connection) => await closeSession(connection, real.target, id));
      lost.catch(() => undefined);
      await real.origin.waitFor(
        (request) => real.origin.requests.indexOf(request) >= before && /^(PUT|POST)$/.test(request.method),
      );
      session.closeAndDie();
      await real.die();
      real.setMood(model.mood);
      const expected = session.close();
      expectSame(
        await real.say(async (connection) => await closeSession(connection, real.target, id)),
        expected,
      );
    },
    (session) => session.isDue,
  );
}

const died = command(
  "death of the edge",
  () => true,
  async (_, real) => await real.die(),
);

function moody(mood: OriginMood): Command {
  return command(
    `origin ${mood}`,
    (model) => model.mood !== mood,
    async (model, real) => {
      model.mood = mood;
      real.setMood(mood);
    },
  );
}

/** Any command; those that bring an upload on more often, those that take long seldom. */
export function arbitraryCommand(): fc.Arbitrary<Command> {
  const which = fc.nat({ max: SESSIONS - 1 });
  const mood = fc.constantFrom<OriginMood>("accepts", "full", "forbids", "hangs up", "lost");
  const anything = fc.constantFrom(...(Object.keys(PLACES) as (keyof typeof PLACES)[]));
  const onward = fc.constantFrom<keyof typeof PLACES>("next", "rest", "rest");
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  const isWrong = fc.integer({ min: 0, max: 9 }).map((number) => number === 9);
  const right = fc.constant(false);
  const isHasty = fc.integer({ min: 0, max: 4 }).map((number) => number === 4);
  return fc.oneof(
    { weight: 20, arbitrary: fc.tuple(which, onward, part, right).map((fields) => sent(...fields)) },
    { weight: 20, arbitrary: fc.tuple(which, anything, part, isWrong).map((fields) => sent(...fields)) },
    { weight: 15, arbitrary: fc.tuple(which, isHasty).map((fields) => closed(...fields)) },
    { weight: 15, arbitrary: mood.map(moody) },
    { weight: 15, arbitrary: which.map(downloaded) },
    { weight: 4, arbitrary: which.map(cancelled) },
    { weight: 5, arbitrary: arbitrarySize().map(create) },
    { weight: 5, arbitrary: which.map(closedAndDied) },
    { weight: 2, arbitrary: fc.constant(died) },
    { weight: 2, arbitrary: fc.constant(pinged) },
  );
}

/** Small mostly; now and then about as large as the pieces that the edge stores. */
export function arbitrarySize(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: (1 << 20) - 2, max: (1 << 20) + 2 }) },
  );
}
