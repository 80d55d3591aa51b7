import { expect, test } from "vitest";
import { type CommitOutcome, reflect } from "../../src/protocol/reflect.ts";

const refused = (status: number, hresult: number | null = null): CommitOutcome => ({
  kind: "refused",
  status,
  hresult,
});
const silent = (why: "timedOut" | "cannotConnect" | "connectionLost"): CommitOutcome => ({
  kind: "silent",
  why,
  mayHaveArrived: true,
});

// prettier-ignore
test.each([
  // what the application did        status  code        what the client then does
  [refused(400),                     400,    0x80190190], // gives up
  [refused(401),                     403,    0x80190191], // gives up; must not answer a challenge that was ours
  [refused(403),                     403,    0x80190193],
  [refused(404),                     404,    0x80190194],
  [refused(407),                     403,    0x80190197],
  [refused(408),                     408,    0x80190198], // comes again
  [refused(409),                     409,    0x80190199],
  [refused(412),                     412,    0x8019019c],
  [refused(413),                     413,    0x8019019d],
  [refused(500),                     500,    0x801901f4], // comes again
  [refused(501),                     500,    0x801901f5], // 501 and 505 would be final
  [refused(503),                     503,    0x801901f7],
  [refused(505),                     500,    0x801901f9],
  [refused(507),                     507,    0x801901fb],
  [refused(302),                     502,    0x8019012e], // not followed
  [refused(409, 0x80041234),         409,    0x80041234], // its own code
  [refused(999),                     502,    0x801903e7],
  [silent("timedOut"),               504,    0x80072ee2],
  [silent("cannotConnect"),          502,    0x80072efd],
  [silent("connectionLost"),         502,    0x80072efe],
])("ruling 16: %j becomes %i", (outcome, status, hresult) => {
  expect(reflect(outcome)).toMatchObject({ status, hresult, context: 0x7 });
});

test.each([200, 201, 202, 204, 299])("every 2xx is success: %i", (status) => {
  expect(reflect({ kind: "accepted", status, copyToDestination: false, staticReplyUrl: null })).toBeNull();
});

test("a reply that is too large is final, whatever 2xx came before it (ruling 26)", () => {
  expect(reflect({ kind: "replyTooLarge", status: 200 })).toMatchObject({
    status: 403,
    hresult: 0x800700df,
    context: 0x7,
  });
});

test("a destination that exists is the edge's own refusal (ruling 13)", () => {
  expect(reflect({ kind: "destinationExists" })).toMatchObject({
    status: 403,
    hresult: 0x80070005,
    context: 0x5,
  });
});
