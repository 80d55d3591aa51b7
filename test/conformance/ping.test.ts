import { describe, expect, it } from "vitest";
import { createSession, ping } from "../support/bits-client.ts";
import { expectAck, INVALID, NOT_ENABLED } from "./expect-ack.ts";
import { type Door, useBench } from "./support.ts";

const bench = useBench();

describe.each<Door>(["tcp", "http"])("Ping over the %s door ([MC-BUP] 2.2.4)", (door) => {
  const verb = door === "tcp" ? "BITS_POST" : "POST";

  it("is answered 200 without a session, as real clients send it ([MC-BUP] 3.2.5.2.5; ruling 12)", async () => {
    using connection = await bench().open(door);
    expectAck(await ping(connection, bench().target(), { verb }), {});
  });

  it.each([
    ["one that was never issued", "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}"],
    ["one that is no id", "session"],
  ])("is answered 200 with a session id, %s, and names none ([MC-BUP] 2.2.5.2)", async (_, sessionId) => {
    using connection = await bench().open(door);
    const headers = { "BITS-Session-Id": sessionId };
    expectAck(await ping(connection, bench().target(), { verb, headers }), {});
  });

  it("names no session in its errors either (ruling 3)", async () => {
    using connection = await bench().open(door);
    const headers = { "BITS-Session-Id": "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}" };
    expectAck(await ping(connection, "/closed/a.bin", { verb, headers }), NOT_ENABLED);
    expectAck(await ping(connection, "/nowhere/a.bin", { verb, headers }), NOT_ENABLED);
  });

  it("leaves a session as it is ([MC-BUP] 3.1.4.3: resumed uploads begin with one)", async () => {
    using upload = await bench().begin(10, { door });
    expectAck(await upload.send(0, 4), { sessionId: upload.sessionId, offset: 4 });
    const headers = { "BITS-Session-Id": upload.sessionId };
    expectAck(await ping(upload.connection, upload.target, { verb, headers }), {});
    expectAck(await upload.send(4), { sessionId: upload.sessionId, offset: 10 });
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });
});

describe("Ping", () => {
  it("with a body is refused and the connection ends ([MC-BUP] 2.2.4.3; ruling 7)", async () => {
    using connection = await bench().open();
    expectAck(await ping(connection, bench().target(), { headers: { "Content-Length": "5" } }), {
      ...INVALID,
      closes: true,
    });
    await connection.waitForEnd();
  });

  it("asks nothing of the origin ([MC-BUP] 3.2.5.2.5)", async () => {
    using connection = await bench().open();
    const target = bench().target();
    expectAck(await ping(connection, target), {});
    expect(bench().origin.requests.filter(({ url }) => url === target)).toEqual([]);
  });

  it("of a Windows client may come on a connection between any two packets ([MC-BUP] 4.1)", async () => {
    using connection = await bench().open();
    const target = bench().target();
    for (let turn = 0; turn < 3; turn++) {
      expectAck(await ping(connection, target), {});
      expect((await createSession(connection, target)).status).toBe(200);
    }
  });
});
