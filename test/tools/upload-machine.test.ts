import { describe, expect, test } from "vitest";
import { lengthOf } from "../../src/protocol/content-range.ts";
import { FAULTS } from "../../src/protocol/faults.ts";
import { BITS_UPLOAD_PROTOCOL } from "../../src/protocol/headers.ts";
import { type Ack, writeAck } from "../../src/protocol/write-ack.ts";
import { formatPacketHead } from "../../tools/bits-client/packet-head.ts";
import { type Answer, readAnswer } from "../../tools/bits-client/read-ack.ts";
import { hear, isFinal, lose } from "../../tools/upload/hear.ts";
import { begin, leaving, nextPacket, type Progress, takeUp } from "../../tools/upload/progress.ts";

const ID = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";
const TOTAL = 10_000_000;

/** An upload whose session is there, at this offset. */
function sending(offset = 0, more: Partial<Progress> = {}): Progress {
  return { ...begin(TOTAL, "offered"), phase: "sending", sessionId: ID, offset, ...more };
}

/** An Ack as the edge writes it, read as the client reads it. */
function ack(said: Partial<Ack>): Answer {
  return readAnswer(writeAck({ to: "Fragment", sessionId: ID, offset: null, fault: null, ...said }));
}

/** An answer of someone who is no BITS server. */
function strange(status: number, headers: readonly (readonly [string, string])[] = []): Answer {
  return readAnswer({ status, headers });
}

/** What comes of this answer to the packet that is next. */
function heard(progress: Progress, answer: Answer, milliseconds = 10): ReturnType<typeof hear> {
  const packet = nextPacket(progress);
  if (packet === null) throw new Error("no packet is next");
  return hear(leaving(progress, packet), packet, answer, milliseconds);
}

describe("A session", () => {
  test("is created, filled, closed", () => {
    let progress = begin(100, "none");
    expect(nextPacket(progress)).toEqual({ type: "Create-Session" });
    progress = heard(progress, ack({ to: "Create-Session" })).progress ?? progress;
    expect(nextPacket(progress)).toMatchObject({
      type: "Fragment",
      range: { first: 0, last: 99, total: 100 },
    });
    progress = heard(progress, ack({ offset: 100 })).progress ?? progress;
    expect(nextPacket(progress)).toEqual({ type: "Close-Session", sessionId: ID });
    progress = heard(progress, ack({ to: "Close-Session" })).progress ?? progress;
    expect(progress.phase).toBe("done");
  });

  test("of an empty file has one Fragment, `bytes 0--1/0` ([MC-BUP] 3.1.5.1.4)", () => {
    const packet = nextPacket({ ...sending(), total: 0 });
    if (packet === null) throw new Error("no packet");
    expect(formatPacketHead(packet, "BITS_POST", "x").headers).toContainEqual([
      "Content-Range",
      "bytes 0--1/0",
    ]);
    expect(heard({ ...sending(), total: 0 }, ack({ offset: 0 }))).toMatchObject({
      progress: { phase: "closing" },
    });
  });

  test.each([
    [
      "without an id",
      [
        ["BITS-Packet-Type", "Ack"],
        ["BITS-Protocol", BITS_UPLOAD_PROTOCOL],
      ],
    ],
    [
      "of another protocol",
      [
        ["BITS-Packet-Type", "Ack"],
        ["BITS-Session-Id", ID],
        ["BITS-Protocol", "{0}"],
      ],
    ],
  ] as const)("%s is none: [MC-BUP] 2.2.3.2", (_, headers) => {
    expect(heard(begin(1, "none"), strange(200, headers))).toEqual({ kind: "over", why: "broken answer" });
  });

  test("is not had from who says 200 to everything", () => {
    expect(heard(begin(1, "none"), strange(200))).toEqual({ kind: "over", why: "not a BITS server" });
  });

  test("goes to the host that the server names, after a Ping there ([MC-BUP] 1.3.4.2)", () => {
    const host = { id: "other.example.com", fallbackTimeoutSeconds: 110 };
    const verdict = heard(begin(1, "none"), ack({ to: "Create-Session", host }));
    expect(verdict).toMatchObject({ progress: { host, mustPing: true } });
  });
});

describe("The offset", () => {
  test.each([
    ["moves with each Ack", 0, ack({ offset: 131_072 }), "on", 131_072],
    ["jumps forward, where the server has more", 0, ack({ offset: 500_000 }), "on", 500_000],
    ["jumps forward on 416 too", 0, ack({ fault: FAULTS.offsetGap, offset: 400_000 }), "on", 400_000],
    ["goes back on 416, after a while", 500_000, ack({ fault: FAULTS.offsetGap, offset: 7 }), "later", 7],
    ["stays where nothing was taken, and waits", 500_000, ack({ offset: 500_000 }), "later", 500_000],
    ["stays where the server names none", 5, ack({}), "later", 5],
    ["stays where the server names one beyond the end", 5, ack({ offset: TOTAL + 1 }), "later", 5],
  ])("%s", (_, from, answer, kind, offset) => {
    expect(heard(sending(from), answer)).toMatchObject({ kind, progress: { offset } });
  });
});

describe("The length of Fragments", () => {
  test("doubles while they are quick, up to Windows' largest", () => {
    let progress = { ...sending(), total: 100_000_000 };
    const lengths: number[] = [];
    while (progress.phase === "sending") {
      const packet = nextPacket(progress);
      if (packet?.type !== "Fragment") throw new Error("a Fragment was expected");
      lengths.push(lengthOf(packet.range));
      progress = heard(progress, ack({ offset: packet.range.last + 1 })).progress ?? progress;
    }
    expect(lengths.slice(0, 9)).toEqual([
      ...[1, 2, 4, 8, 16, 32, 64].map((n) => n * 131_072),
      13_000_000,
      13_000_000,
    ]);
  });

  test("stays where they take long", () => {
    expect(heard(sending(), ack({ offset: 131_072 }), 6_000)).toMatchObject({
      progress: { fragmentBytes: 131_072 },
    });
  });

  test("halves on 413, from the server or a gateway, and does not grow again", () => {
    const smaller = heard(sending(), strange(413)).progress ?? sending();
    expect(smaller).toMatchObject({ fragmentBytes: 65_536, fragmentCeiling: 65_536 });
    expect(heard(smaller, ack({ offset: 65_536 }))).toMatchObject({ progress: { fragmentBytes: 65_536 } });
  });

  test("is never under 5 KiB: then the upload is over ([MC-BUP] 6, note 16)", () => {
    expect(heard(sending(0, { fragmentBytes: 6_000 }), strange(413))).toMatchObject({
      progress: { fragmentBytes: 5_120 },
    });
    expect(heard(sending(0, { fragmentBytes: 5_120 }), strange(413))).toEqual({
      kind: "over",
      why: "no fragment passes",
    });
  });

  test("is small again after a break, with a Ping before it ([MC-BUP] 3.1.4.3), and grows to half of what broke", () => {
    const progress = sending(9, { fragmentBytes: 4_000_000 });
    expect(lost(progress)).toMatchObject({
      mustPing: true,
      fragmentBytes: 131_072,
      fragmentCeiling: 2_000_000,
    });
    expect(nextPacket(takeUp(progress))).toEqual({ type: "Ping" });
  });

  test("comes down to 5 KiB where one after the other breaks, and up to 128 KiB where one passes", () => {
    let progress = sending();
    const lengths = [1, 2, 3, 4, 5, 6].map(() => (progress = lost(progress)).fragmentBytes);
    expect(lengths).toEqual([65_536, 32_768, 16_384, 8_192, 5_120, 5_120]);
    expect(progress.fragmentCeiling).toBe(131_072);
  });
});

/** After the Fragment that is next got no answer. */
function lost(progress: Progress): Progress {
  const packet = nextPacket({ ...progress, mustPing: false });
  if (packet === null) throw new Error("no packet");
  return lose(progress, packet);
}

describe("BG_E_SESSION_NOT_FOUND", () => {
  const unknown = ack({ fault: FAULTS.sessionUnknown });

  test("begins anew ([MC-BUP] 3.1.5.2.1)", () => {
    const verdict = heard(sending(5_000_000, { fragmentCeiling: 65_536 }), unknown);
    expect(verdict).toMatchObject({
      kind: "later",
      progress: { phase: "creating", sessionId: null, offset: 0, sessions: 2, fragmentCeiling: 65_536 },
    });
  });

  test("begins anew after the first Close-Session, which did nothing then", () => {
    expect(heard(sending(TOTAL, { phase: "closing" }), unknown)).toMatchObject({
      progress: { phase: "creating" },
    });
  });

  test("ends it after a repeated Close-Session: the first may have brought the file", () => {
    const closing = sending(TOTAL, { phase: "closing", closes: 1 });
    expect(heard(closing, unknown)).toEqual({ kind: "over", why: "outcome unknown" });
  });
});

describe("The reply", () => {
  const last = { offset: TOTAL, replyUrl: "http://edge/reply" };

  test("is fetched before Close-Session", () => {
    const progress = heard(sending(TOTAL - 1), ack(last)).progress ?? sending();
    expect(progress).toMatchObject({ phase: "fetching", replyUrl: "http://edge/reply" });
    expect(nextPacket(progress)).toBeNull();
  });

  test("is left where it is not wanted", () => {
    expect(heard(sending(TOTAL - 1, { reply: "none" }), ack(last))).toMatchObject({
      progress: { phase: "closing" },
    });
  });

  test("that must be and is not offered ends the upload ([MC-BUP] 3.1.5.2.4)", () => {
    const verdict = heard(sending(TOTAL - 1, { reply: "required" }), ack({ offset: TOTAL }));
    expect(verdict).toEqual({ kind: "over", why: "no reply" });
  });
});

describe("Errors pass, or are final (Win32, Handling Server Application Errors; Ack for Close-Session)", () => {
  test.each([
    [[300, 301, 302, 303, 304, 305, 307], true, true],
    [[306, 308], false, true],
    [[400, 403, 404, 410, 422], true, true],
    [[408, 409], false, true],
    [[429], false, false],
    [[500, 502, 503, 504, 507], false, false],
    [[501, 505], true, true],
  ])("%j: of a Fragment final %s, of Close-Session %s", (statuses, fragment, close) => {
    for (const status of statuses) {
      expect([isFinal("Fragment", status), isFinal("Close-Session", status)]).toEqual([fragment, close]);
    }
  });

  test.each([401, 407])("%i wants credentials", (status) => {
    expect(heard(sending(), strange(status))).toEqual({ kind: "over", why: "unauthorized" });
  });
});
