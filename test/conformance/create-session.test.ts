import { rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { closeSession, createSession, type PacketOptions, UPLOAD_PROTOCOL } from "../support/bits-client.ts";
import { answer } from "../support/origin-behaviour.ts";
import { CREATED, expectAck, FORBIDDEN, INVALID, NOT_ENABLED } from "./expect-ack.ts";
import { type Door, useBench } from "./support.ts";

const bench = useBench({
  origin: {
    behave: ({ method, url }) => {
      const status = /answers-(\d+)/.exec(url)?.[1];
      return method === "HEAD" && status !== undefined ? answer(Number(status)) : undefined;
    },
  },
});

const OTHER = "{11111111-2222-3333-4444-555555555555}";
const protocols = (value: string): PacketOptions => ({ headers: { "BITS-Supported-Protocols": value } });
const others = (count: number): string => Array.from({ length: count }, () => OTHER.slice(1, -1)).join(" ");

describe.each<Door>(["tcp", "http"])("Create-Session over the %s door ([MC-BUP] 2.2.2)", (door) => {
  const send = async (options: PacketOptions, target = bench().target()) => {
    using connection = await bench().open(door);
    return await createSession(connection, target, {
      verb: door === "tcp" ? "BITS_POST" : "POST",
      ...options,
    });
  };

  it.each<[string, PacketOptions]>([
    ["as Windows writes it ([MC-BUP] 4.1)", {}],
    ["without Content-Name ([MC-BUP] 6, note 5)", { headers: { "Content-Name": null } }],
    ["with the type in capitals (ruling 6)", { headers: { "BITS-Packet-Type": "CREATE-SESSION" } }],
    ["with the type in odd case (ruling 6)", { headers: { "bits-PACKET-type": "CreatE-SEssION" } }],
    ["with the protocol in capitals (ruling 6)", protocols(UPLOAD_PROTOCOL.toUpperCase())],
    [
      "with the protocol after others, by spaces ([MC-BUP] 2.2.2.2)",
      protocols(`${OTHER}  ${UPLOAD_PROTOCOL}`),
    ],
    [
      "with the protocol among others, by commas (ruling 6)",
      protocols(`${OTHER},${UPLOAD_PROTOCOL}, ${OTHER}`),
    ],
    [
      "with the protocol as the 100th of 101 (ruling 6)",
      protocols(`${others(99)} ${UPLOAD_PROTOCOL} ${OTHER}`),
    ],
    [
      "with the protocol in the second of two lines (RFC 9110 5.3)",
      { headers: { "BITS-Supported-Protocols": [OTHER, UPLOAD_PROTOCOL] } },
    ],
    ["with unknown headers ([MC-BUP] 2.2)", { headers: { "BITS-Future": "1", "X-Other": "2" } }],
    ["with a header value of 4,096 bytes (ruling 8)", { headers: { "X-Long": "a".repeat(4096) } }],
    ["with a Content-Name of 4,096 bytes (ruling 8)", { contentName: "n".repeat(4096) }],
    [
      "with a ticket of 8,000 bytes (HTTP's own)",
      { headers: { Authorization: "Negotiate ".padEnd(8000, "Y") } },
    ],
  ])("%s is given a session", async (_, options) => {
    expectAck(await send(options), CREATED);
  });

  it.each<[string, PacketOptions]>([
    ["without protocols ([MC-BUP] 2.2.2.2)", { headers: { "BITS-Supported-Protocols": null } }],
    ["with an empty list of protocols ([MC-BUP] 2.2.2.2)", protocols("")],
    ["with an unknown protocol ([MC-BUP] 3.2.5.2.4)", protocols(OTHER)],
    ["with the protocol as the 101st (ruling 6)", protocols(`${others(100)} ${UPLOAD_PROTOCOL}`)],
    [
      "without a packet type (ruling 8)",
      { headers: { "BITS-Packet-Type": null, "X-HTTP-Method-Override": "BITS_POST" } },
    ],
    ["with an unknown packet type (ruling 8)", { headers: { "BITS-Packet-Type": "Open-Session" } }],
    [
      "with an empty packet type (ruling 8)",
      { headers: { "BITS-Packet-Type": "", "X-HTTP-Method-Override": "BITS_POST" } },
    ],
    ["with the type sent twice", { headers: { "BITS-Packet-Type": ["Create-Session", "Create-Session"] } }],
    ["with a header value of 4,097 bytes (ruling 8)", { headers: { "BITS-Future": "a".repeat(4097) } }],
    ["with a Content-Name of 4,097 bytes (ruling 8)", { contentName: "n".repeat(4097) }],
    ["with 4,098 bytes in 2,049 characters (ruling 8)", { contentName: "é".repeat(2049) }],
    ["with protocols of 4,097 bytes (ruling 8)", protocols(UPLOAD_PROTOCOL.padEnd(4097, "}"))],
  ])("%s is refused: 400, E_INVALIDARG", async (_, options) => {
    expectAck(await send(options), INVALID);
  });

  it("of a file that has a name beyond ASCII is given a session", async () => {
    expectAck(await send({ contentName: "Übergröße €.bin" }), CREATED);
    expectAck(await send({}, "/uploads/%C3%9Cber%20gr%C3%B6%C3%9Fe.bin"), CREATED);
  });

  it.each([
    ["no directory", "/elsewhere/a.bin"],
    ["a directory that is switched off", "/closed/a.bin"],
    ["the root", "/"],
  ])("for %s is refused: 501, E_ACCESSDENIED ([MC-BUP] 6, note 22; ruling 13)", async (_, target) => {
    expectAck(await send({}, target), NOT_ENABLED);
  });

  it.each(["/uploads/", "/uploads", "/UPLOADS", "/uploads/folder/", "/uploads/folder/.."])(
    "for a directory, %s, is refused: 400 ([MC-BUP] 2.2.1.2)",
    async (target) => {
      expectAck(await send({}, target), INVALID);
    },
  );

  it("for a destination that exists is refused: 403, E_ACCESSDENIED ([MC-BUP] 2.2.1.2; ruling 13)", async () => {
    const target = bench().target();
    await bench().place(target, "there before");
    expectAck(await send({}, target), FORBIDDEN);
    expectAck(await send({}, `${target}.other`), CREATED);
  });

  it("for a destination that exists is given a session where overwriting is on (ruling 13)", async () => {
    const target = bench().target("/overwrite/");
    await bench().place(target, "there before");
    expectAck(await send({}, target), CREATED);
  });
});

describe("Create-Session", () => {
  it.each(["/uploads//x/%79.bin", "/uploads/x/./y%2ebin", "/uploads/z/../x/y.bin"])(
    "for %s makes a session of the one file that all spellings name (ruling 27, one canonical path)",
    async (spelling) => {
      using upload = await bench().begin(10, { target: spelling });
      expectAck(await upload.send(), { sessionId: upload.sessionId, offset: 10 });
      const canonical = "/uploads/x/y.bin";
      const before = bench().commitsOf(canonical).length;
      expectAck(await closeSession(upload.connection, canonical, upload.sessionId), upload.done);
      expect(bench().commitsOf(canonical)).toHaveLength(before + 1);
      await rm(bench().origin.files.pathOf(canonical) ?? "");
    },
  );

  it.each([
    ["/uploads/a%2Fb.bin", "an encoded slash"],
    ["/uploads/a%5Cb.bin", "an encoded backslash"],
    ["/uploads/..%2F..%2Fsecret.txt", "encoded climbing"],
    ["/uploads/..%5Csecret.txt", "climbing, Windows' way"],
    ["/uploads/../secret.txt", "a parent folder"],
    ["/uploads/%2e%2e/secret.txt", "a parent folder, encoded"],
    ["/uploads/.../secret.txt", "a name of dots"],
    ["/uploads/a%255Cb.bin", "an escape of an escape"],
    ["/uploads/CON", "a device"],
    ["/uploads/nul.txt", "a device with an extension"],
    ["/uploads/Lpt1%20.bin", "a device with a space"],
    ["/uploads/a.bin.", "a trailing dot"],
    ["/uploads/a.bin%20", "a trailing space"],
    ["/uploads/folder./a.bin", "a folder with a trailing dot"],
    ["/uploads/a.bin::$DATA", "a stream"],
    ["/uploads/a%00.bin", "a zero byte"],
    ["/uploads/a%0D%0Ab.bin", "a line end"],
    ["/uploads/a%zz.bin", "a broken escape"],
    ["/uploads/a%3F.bin", "a wildcard"],
    ["/UPLOADS/a%2Fb.bin", "an encoded slash below the folder in capitals"],
  ])("for %s, %s, is refused and the origin does not hear of it ([MC-BUP] 3.2.5.2.3)", async (target) => {
    using connection = await bench().open();
    const heard = bench().origin.requests.length;
    const ack = await createSession(connection, target);
    expectAck(ack, ack.status === 501 ? NOT_ENABLED : INVALID);
    expect(bench().origin.requests.slice(heard)).toEqual([]);
  });

  it.each<[string, PacketOptions]>([
    ["with a body (ruling 7)", { headers: { "Content-Length": "5" } }],
    [
      "with a chunked body (ruling 7)",
      { headers: { "Content-Length": null, "Transfer-Encoding": "chunked" } },
    ],
  ])("%s is refused", async (_, options) => {
    using connection = await bench().open();
    const isChunked = options.headers?.["Transfer-Encoding"] !== undefined;
    const answered = createSession(connection, bench().target(), options);
    await connection.send(isChunked ? "5\r\nhello\r\n0\r\n\r\n" : "hello");
    expectAck(await answered, isChunked ? INVALID : { ...INVALID, closes: true });
    if (!isChunked) await connection.waitForEnd();
  });

  it("echoes an id in its errors, as it was written (ruling 3), and issues its own otherwise", async () => {
    using connection = await bench().open();
    const headers = { "BITS-Session-Id": "{a0ff5911-4144-45b3-bf27-27afc8ec8a67}" };
    expectAck(await createSession(connection, "/closed/a.bin", { headers }), {
      ...NOT_ENABLED,
      sessionId: headers["BITS-Session-Id"],
    });
    expectAck(await createSession(connection, bench().target(), { headers }), CREATED);
  });

  it("repeated for the same URL gives another session each time ([MC-BUP] 3.1.5.1.2)", async () => {
    using connection = await bench().open();
    const target = bench().target();
    const ids = new Set<string | undefined>();
    for (let turn = 0; turn < 5; turn++) ids.add((await createSession(connection, target)).sessionId);
    expect(ids.size).toBe(5);
  });

  it.each([200, 204])(
    "is refused where HEAD of the destination is answered %d (ruling 13)",
    async (status) => {
      using connection = await bench().open();
      expectAck(await createSession(connection, `/uploads/answers-${status}`), FORBIDDEN);
      expectAck(await createSession(connection, `/overwrite/answers-${status}`), CREATED);
      expectAck(await createSession(connection, `/notify/answers-${status}`), CREATED);
    },
  );

  it.each([301, 302, 400, 401, 403, 404, 405, 407, 410, 500, 501, 503])(
    "is given a session where HEAD is answered %d: only a file that is there is in the way (ruling 13)",
    async (status) => {
      using connection = await bench().open();
      expectAck(await createSession(connection, `/uploads/answers-${status}`), CREATED);
    },
  );

  it("is given a session while the origin is down: uploads are taken meanwhile", async () => {
    await bench().origin.pause();
    try {
      using connection = await bench().open();
      expectAck(await createSession(connection, bench().target()), CREATED);
    } finally {
      await bench().origin.resume();
    }
  });
});
