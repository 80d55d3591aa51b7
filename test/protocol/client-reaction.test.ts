import { describe, expect, test } from "vitest";
import { reactionTo, type Reaction } from "../../src/protocol/client-reaction.ts";
import { type Fault, FAULTS } from "../../src/protocol/faults.ts";
import type { PacketType } from "../../src/protocol/packet.ts";
import { type CommitOutcome, HELD, reflect, SILENCES } from "../../src/protocol/reflect.ts";

/** The packets whose Acks carry what the application said: at Create-Session the origin's answer to the edge's question. */
const CARRIERS: readonly PacketType[] = ["Create-Session", "Fragment", "Close-Session"];
const STATUSES = Array.from({ length: 200 }, (_, index) => 400 + index);
/** What an application may mean for good, and for now. */
const SOUND: readonly Reaction[] = ["gives up", "comes again"];
/** A conflict is solved by somebody: Win32 has Fragments come again, and gives up Close-Session. */
const CONFLICT = 409;

function refusalOf(status: number, hresult: number | null = null): Fault {
  const refused: CommitOutcome = { kind: "refused", status, hresult };
  return reflect(refused) ?? FAULTS.edgeFailed;
}

function reactionsTo({ status, hresult }: Fault): Reaction[] {
  return CARRIERS.map((packet) => reactionTo(packet, status, hresult));
}

describe("The application's statuses are not the protocol's (ruling 16, statuses of the application):", () => {
  test.each(STATUSES)(
    "after %i a client gives up or comes again, at whatever packet it hears it",
    (status) => {
      const reactions = new Set(reactionsTo(refusalOf(status)));
      expect(SOUND).toEqual(expect.arrayContaining([...reactions]));
      if (status !== CONFLICT) expect(reactions.size).toBe(1);
    },
  );

  test.each([408, 423, 425, 429, 500, 501, 502, 503, 504, 505, 507])(
    "%i passes: it comes again",
    (status) => {
      expect(new Set(reactionsTo(refusalOf(status)))).toEqual(new Set(["comes again"]));
    },
  );

  test.each([400, 401, 403, 404, 407, 413, 416])("%i is final: it gives up", (status) => {
    expect(new Set(reactionsTo(refusalOf(status)))).toEqual(new Set(["gives up"]));
  });

  test("no code of the application's has a client start over", () => {
    expect(reactionsTo(refusalOf(500, 0x8020001f))).not.toContain("starts over");
  });

  test.each(Object.values({ ...SILENCES, HELD }))("$fault: it comes again", (fault) => {
    expect(new Set(reactionsTo(fault))).toEqual(new Set(["comes again"]));
  });
});

// prettier-ignore
test.each<[PacketType, Fault, Reaction]>([
  ["Fragment",       FAULTS.contentRangeInvalid, "gives up"],
  ["Fragment",       FAULTS.fragmentTooLarge,    "sends less"],
  ["Fragment",       FAULTS.offsetGap,           "follows the offset"],
  ["Fragment",       FAULTS.sessionUnknown,      "starts over"],
  ["Close-Session",  FAULTS.sessionUnknown,      "starts over"],
  ["Cancel-Session", FAULTS.sessionUnknown,      "gives up"],
  ["Create-Session", FAULTS.accessDenied,        "gives up"],
  ["Create-Session", FAULTS.uploadsNotEnabled,   "gives up"],
  ["Create-Session", FAULTS.tooManySessions,     "comes again"],
  ["Close-Session",  FAULTS.closedTooEarly,      "gives up"],
  ["Fragment",       FAULTS.storageFull,         "comes again"],
  ["Cancel-Session", FAULTS.edgeFailed,          "comes again"],
])("%s: after $1.fault a client %3$s", (packet, { status, hresult }, reaction) => {
  expect(reactionTo(packet, status, hresult)).toBe(reaction);
});

test.each<[PacketType, number, Reaction]>([
  ["Fragment", 200, "goes on"],
  ["Create-Session", 201, "goes on"],
  ["Create-Session", 401, "shows who it is"],
  ["Fragment", 407, "shows who it is"],
  ["Fragment", 302, "gives up"],
  ["Fragment", 307, "gives up"],
  ["Fragment", 306, "comes again"],
  ["Fragment", 408, "comes again"],
  ["Close-Session", 408, "gives up"],
  ["Close-Session", 413, "gives up"],
  ["Ping", 416, "gives up"],
])("%s: after %i a client %s", (packet, status, reaction) => {
  expect(reactionTo(packet, status, null)).toBe(reaction);
});
