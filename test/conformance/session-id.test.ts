import { describe, expect, it } from "vitest";
import {
  type Ack,
  cancelSession,
  closeSession,
  fragment,
  type PacketOptions,
} from "../support/bits-client.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { expectAck, INVALID, NOT_ENABLED, SESSION_UNKNOWN } from "./expect-ack.ts";
import { useBench } from "./support.ts";

const bench = useBench();

type Send = (connection: RawConnection, target: string, id: string, options?: PacketOptions) => Promise<Ack>;

const sendFragment: Send = (connection, target, sessionId, options) =>
  fragment(connection, target, { sessionId, first: 0, total: 10, bytes: "0123456789" }, options);

/** The packets that belong to a session. */
const OF_A_SESSION = [
  ["Fragment", sendFragment],
  ["Close-Session", closeSession],
  ["Cancel-Session", cancelSession],
] as const satisfies readonly (readonly [string, Send])[];

const NEVER_ISSUED = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";

describe.each(OF_A_SESSION)("%s of a session that nobody knows", (packet, send) => {
  it.each([
    ["was never issued", NEVER_ISSUED],
    ["is nothing but zeros", "{00000000-0000-0000-0000-000000000000}"],
    ["is a word", "session"],
    ["is empty", ""],
    ["has one brace", NEVER_ISSUED.slice(1)],
    ["has two pairs of braces", `{${NEVER_ISSUED}}`],
    ["has no hyphens", NEVER_ISSUED.replaceAll("-", "")],
    ["is longer than an id may be", "A".repeat(101)],
    ["ends in another digit", `${NEVER_ISSUED.slice(0, -1)}0}`],
  ])("whose id %s: 500, BG_E_SESSION_NOT_FOUND ([MC-BUP] 3.2.5.2.3)", async (_, sessionId) => {
    using connection = await bench().open();
    expectAck(await send(connection, bench().target(), sessionId), { ...SESSION_UNKNOWN, sessionId });
  });

  it("whose id differs in any digit from one that was issued ([MC-BUP] 3.2.5.2.3)", async () => {
    using upload = await bench().begin(10);
    const places = [...upload.sessionId.matchAll(/[0-9A-F]/g)].map(({ index }) => index);
    for (const place of places) {
      const digit = upload.sessionId.at(place) === "7" ? "8" : "7";
      const sessionId = upload.sessionId.slice(0, place) + digit + upload.sessionId.slice(place + 1);
      expectAck(await send(upload.connection, upload.target, sessionId), { ...SESSION_UNKNOWN, sessionId });
    }
    expectAck(await upload.send(), { sessionId: upload.sessionId, offset: 10 });
  });

  it("because it belongs to another URL (ruling 12)", async () => {
    using upload = await bench().begin(10);
    const { connection, sessionId, target } = upload;
    for (const other of [
      `${target}2`,
      target.replace(".bin", ".bim"),
      `${target}?a=1`,
      target.replace("uploads", "overwrite"),
      "/uploads/x",
    ]) {
      expectAck(await send(connection, other, sessionId), { ...SESSION_UNKNOWN, sessionId });
    }
    expectAck(await upload.send(), { sessionId, offset: 10 });
    expectAck(await upload.close(), upload.done);
  });

  it("without an id: 400 ([MC-BUP] 3.2.5.2.3)", async () => {
    using upload = await bench().begin(10);
    const headers = { "BITS-Session-Id": null };
    expectAck(await send(upload.connection, upload.target, upload.sessionId, { headers }), INVALID);
  });

  it("with its id sent twice", async () => {
    using upload = await bench().begin(10);
    const { connection, sessionId, target } = upload;
    const headers = { "BITS-Session-Id": [sessionId, sessionId] };
    const echoed = `${sessionId}, ${sessionId}`;
    expectAck(await send(connection, target, sessionId, { headers }), {
      ...SESSION_UNKNOWN,
      sessionId: echoed,
    });
  });

  it("where uploads are not enabled: 501 ([MC-BUP] 6, note 22; ruling 13)", async () => {
    using connection = await bench().open();
    for (const target of ["/closed/a.bin", "/nowhere/a.bin"]) {
      const expected = { ...NOT_ENABLED, sessionId: NEVER_ISSUED };
      expectAck(await send(connection, target, NEVER_ISSUED), expected);
    }
  });

  it(`named in capitals and in odd case is the same packet: ${packet} (ruling 6)`, async () => {
    using connection = await bench().open();
    const odd = packet.replaceAll(/[a-z]/g, (letter, at: number) => (at % 2 ? letter.toUpperCase() : letter));
    for (const name of [packet.toUpperCase(), packet.toLowerCase(), odd]) {
      const headers = { "BITS-Packet-Type": name };
      const ack = await send(connection, bench().target(), NEVER_ISSUED, { headers });
      expectAck(ack, { ...SESSION_UNKNOWN, sessionId: NEVER_ISSUED });
    }
  });
});

describe("A session's id", () => {
  it.each<[string, (id: string) => string]>([
    ["as it was issued", (id) => id],
    ["without braces", (id) => id.slice(1, -1)],
    ["in lower case", (id) => id.toLowerCase()],
    ["in lower case without braces", (id) => id.slice(1, -1).toLowerCase()],
  ])("is known %s, and echoed as it was written (ruling 3)", async (_, spell) => {
    using upload = await bench().begin(10);
    const { connection, target } = upload;
    const sessionId = spell(upload.sessionId);
    expectAck(await sendFragment(connection, target, sessionId), { sessionId, offset: 10 });
    const headers = { "Content-Range": "bytes 0-0/10" };
    expectAck(await sendFragment(connection, target, sessionId, { headers }), {
      ...INVALID,
      sessionId,
      offset: 10,
    });
    expectAck(await closeSession(connection, target, sessionId), { sessionId });
    expectAck(await cancelSession(connection, target, sessionId), { sessionId });
    expect(bench().commitsOf(target)).toHaveLength(1);
  });
});
