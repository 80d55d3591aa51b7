import { describe, expect, it } from "vitest";
import { MOMENTS } from "./moments.ts";
import { planRound } from "./plan.ts";
import { summarize, Tally } from "./tally.ts";

const SEEDS = ["1764172800000", "a text", ""];

describe.each(SEEDS)("The seed %j of a kill run", (seed) => {
  it("gives the same round again, whatever ran before it", () => {
    const first = Array.from({ length: 20 }, (_, round) => planRound(seed, round, 6));
    for (const plan of first.toReversed()) expect(planRound(seed, plan.round, 6)).toEqual(plan);
    expect(planRound(`${seed}.`, 0, 6)).not.toEqual(first[0]);
  });

  it("has every moment before one comes again", () => {
    const kills = MOMENTS.map((_, round) => planRound(seed, round, 6).kills);
    const first = new Set(kills.map(([{ moment }]) => moment.name));
    // An orphan has to be made before it can be taken up.
    const second = kills.map(
      ([{ destination }, kill]) => kill?.destination === destination && kill.moment.name,
    );
    const expected = MOMENTS.map(({ name }) => name).filter((name) => name !== "while an orphan is taken up");
    expect([...first].toSorted()).toEqual(expected.toSorted());
    expect(second).toContain("while an orphan is taken up");
  });

  it.each(["while creating", "while sealing", "between the last byte and the ack", "at Cancel-Session"])(
    "does not always kill before the edge has begun, %s",
    (name) => {
      const kills = Array.from(
        { length: 20 * MOMENTS.length },
        (_, round) => planRound(seed, round, 1).kills[0],
      );
      const after = kills.filter(({ moment }) => moment.name === name).map((kill) => kill.afterMilliseconds);
      expect([after.length, after.includes(0), after.some((milliseconds) => milliseconds > 0)]).toEqual([
        20,
        true,
        true,
      ]);
    },
  );
});

describe("What a kill run says of a broken guarantee", () => {
  it.each([2, 6, 9])("is how to see it again: the same uploads and kills, of %d clients", (clients) => {
    const tally = new Tally();
    const plan = planRound("of this run", 41, clients);
    tally.ran({ plan, clients: [], killedAt: [plan.kills[0].moment.name] });
    tally.findings.push({
      destination: "/files/x.bin",
      sessions: ["{id}"],
      problem: "bytes are lost",
      round: 41,
    });
    const story = summarize(tally, { kills: 1, eventsOf: () => [] }, "of this run");
    expect(story).toContain("BROKEN: bytes are lost");
    const [, seed = "", ...numbers] =
      /again: node test\/kill\/run\.ts --seed "(.*)" --clients (\d+) --first (\d+) --rounds 1$/m.exec(
        story,
      ) ?? [];
    const [count = 0, round = 0] = numbers.map(Number);
    expect(planRound(seed, round, count)).toEqual(plan);
  });

  it("names the moments that did not come about", () => {
    const tally = new Tally();
    const [one, other] = [0, 1].map((round) => planRound("of this run", round, 6));
    if (one === undefined || other === undefined) throw new Error("there are two rounds");
    tally.ran({ plan: one, clients: [], killedAt: [one.kills[0].moment.name] });
    tally.ran({ plan: other, clients: [], killedAt: [] });
    const story = summarize(tally, { kills: 1, eventsOf: () => [] }, "of this run");
    expect(story).toContain(`moments that did not come about: ${other.kills[0].moment.name} 1\n`);
  });
});
