import { describe, expect, it } from "vitest";
import { closeSession } from "../support/bits-client.ts";
import { expectAck, FORBIDDEN, INVALID, SESSION_UNKNOWN } from "./expect-ack.ts";
import { type Door, useBench } from "./support.ts";

const AUTHORIZATION = "Basic dXBsb2FkZXI6c2VjcmV0";
const bench = useBench({
  directories: [{ path: "/relative/", notification: "by-value", notification_url: "take.ashx?kind=1" }],
  secrets: { ORIGIN_AUTHORIZATION: AUTHORIZATION },
});

describe.each<Door>(["tcp", "http"])("Close-Session over the %s door ([MC-BUP] 2.2.8)", (door) => {
  it.each(["/uploads/", "/overwrite/", "/notify/"])(
    "in %s: the origin has the file when the Ack comes, and is asked once (ruling 14)",
    async (directory) => {
      using upload = await bench().beginWhole(100_000, { door, directory });
      expect(await bench().published(upload.target)).toBeUndefined();
      expectAck(await upload.close(), upload.done);
      await bench().expectPublished(upload.target, upload.bytes);
      expect(bench().commitsOf(upload.target)).toHaveLength(1);
    },
  );

  it("sent again gets the same Ack, on any connection, and the origin is not asked (ruling 18)", async () => {
    using upload = await bench().beginWhole(1_000, { door });
    using other = await bench().open(door);
    for (const connection of [upload.connection, upload.connection, other]) {
      expectAck(await upload.close(connection), upload.done);
    }
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
  });

  it("before the last byte: 400, nothing is published, now or later (Win32, Close-Session; ruling 20)", async () => {
    using upload = await bench().begin(1_000, { door });
    const { sessionId } = upload;
    expectAck(await upload.send(0, 999), { sessionId, offset: 999 });
    for (let turn = 0; turn < 3; turn++) expectAck(await upload.close(), { ...INVALID, sessionId });
    // The bytes are gone: what comes now is for a session that nobody knows.
    expectAck(await upload.send(999), { ...SESSION_UNKNOWN, sessionId });
    expectAck(await upload.send(), { ...SESSION_UNKNOWN, sessionId });
    expectAck(await upload.close(), { ...INVALID, sessionId });
    expect(bench().commitsOf(upload.target)).toEqual([]);
    expect(await bench().published(upload.target)).toBeUndefined();
  });

  it("without any Fragment: 400, nothing is published (ruling 11)", async () => {
    using upload = await bench().begin(0, { door });
    const { sessionId } = upload;
    for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(), { ...INVALID, sessionId });
    expect(bench().commitsOf(upload.target)).toEqual([]);
  });

  it("leaves a Fragment that comes late its offset, if it is of the same file (ruling 22)", async () => {
    using upload = await bench().beginWhole(1_000, { door });
    const { sessionId } = upload;
    expectAck(await upload.close(), upload.done);
    expectAck(await upload.send(), { sessionId, offset: 1_000 });
    expectAck(await upload.send(999), { sessionId, offset: 1_000 });
    const headers = { "Content-Range": "bytes 0-999/1001" };
    expectAck(await upload.send(0, 1_000, { headers }), { ...SESSION_UNKNOWN, sessionId });
    expectAck(await upload.close(), upload.done);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
  });

  it("where a file has appeared meanwhile: 403, the file stays, the origin is not asked again (rulings 13, 17)", async () => {
    using upload = await bench().beginWhole(1_000, { door });
    await bench().place(upload.target, "another's");
    for (let turn = 0; turn < 3; turn++) {
      expectAck(await upload.close(), { ...FORBIDDEN, sessionId: upload.sessionId });
    }
    expect(await bench().published(upload.target)).toEqual(Buffer.from("another's"));
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
  });

  it("replaces a file where overwriting is on (Win32, BITSAllowOverwrites)", async () => {
    using upload = await bench().begin(1_000, { door, directory: "/overwrite/" });
    await bench().place(upload.target, "of yesterday");
    expectAck(await upload.send(), { sessionId: upload.sessionId, offset: 1_000 });
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });
});

describe("Close-Session on several connections", () => {
  it("ten at once: one commit, ten equal Acks (ruling 18)", async () => {
    using upload = await bench().beginWhole(2_000_000);
    const connections = await Promise.all(Array.from({ length: 10 }, () => bench().open()));
    const acks = await Promise.all(connections.map((connection) => upload.close(connection)));
    for (const ack of acks) expectAck(ack, upload.done);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
    await bench().expectPublished(upload.target, upload.bytes);
    for (const connection of connections) connection.destroy();
  });

  it("while a slow commit runs: waits for its result (ruling 18)", async () => {
    using upload = await bench().beginWhole(1_000);
    bench().origin.queue({ kind: "delay", milliseconds: 700 });
    const closing = upload.close();
    await bench().origin.waitFor(({ method, url }) => method === "PUT" && url === upload.target);
    using other = await bench().open();
    const joined = upload.close(other);
    using third = await bench().open();
    expectAck(await upload.send(0, 1_000, { connection: third }), {
      sessionId: upload.sessionId,
      offset: 1_000,
    });
    const commit = bench().commitsOf(upload.target)[0];
    expect(commit?.status, "the commit has not ended yet").toBeUndefined();
    for (const ack of await Promise.all([closing, joined])) expectAck(ack, upload.done);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
  });

  it("from which the client went away: the commit goes on, the next one finds its result (ruling 18)", async () => {
    using upload = await bench().beginWhole(1_000);
    bench().origin.queue({ kind: "delay", milliseconds: 300 });
    const closing = upload.close().catch(() => undefined);
    await bench().origin.waitFor(({ method, url }) => method === "PUT" && url === upload.target);
    upload.connection.destroy();
    await closing;
    using connection = await bench().open();
    expectAck(await upload.close(connection), upload.done);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it("of two sessions for one destination: the first to close has the file, the other 403 (ruling 13)", async () => {
    const target = bench().target();
    using first = await bench().beginWhole(Buffer.from("first"), { target });
    using second = await bench().beginWhole(Buffer.from("second"), { target });
    expectAck(await first.close(), first.done);
    expectAck(await second.close(), { ...FORBIDDEN, sessionId: second.sessionId });
    await bench().expectPublished(target, first.bytes);
  });
});

describe("Close-Session beside a last Fragment on another connection", () => {
  it("finds all of the file or none of it, and says so (rulings 18 and 20)", async () => {
    for (let round = 0; round < 12; round++) {
      using upload = await bench().begin(1_500_000);
      const { sessionId, target, bytes } = upload;
      expectAck(await upload.send(0, 1_400_000), { sessionId, offset: 1_400_000 });
      using other = await bench().open();
      const sending = upload.send(1_400_000);
      if (round % 3 > 0) await upload.send(0, 1, { connection: other });
      if (round % 3 > 1) await upload.send(0, 1, { connection: other });
      const [sent, closed] = await Promise.all([sending, upload.close(other)]);
      const isWhole = closed.status === 200;
      expectAck(closed, isWhole ? { sessionId } : { ...INVALID, sessionId });
      expectAck(sent, isWhole ? { sessionId, offset: bytes.length } : { ...SESSION_UNKNOWN, sessionId });
      expectAck(await upload.close(), isWhole ? { sessionId } : { ...INVALID, sessionId });
      expect(bench().commitsOf(target)).toHaveLength(isWhole ? 1 : 0);
      if (isWhole) await bench().expectPublished(target, bytes);
      else expect(await bench().published(target)).toBeUndefined();
    }
  });
});

describe("The commit, as the origin sees it ([MC-BUP] 2.2.12; rulings 14 and 24)", () => {
  it.each([
    ["/uploads/", "PUT", undefined, "*"],
    ["/overwrite/", "PUT", undefined, undefined],
    ["/notify/", "POST", "/receive.ashx", undefined],
    ["/relative/", "POST", "/relative/folder/take.ashx?kind=1", undefined],
  ])("in %s: %s", async (directory, method, url, condition) => {
    for (const query of ["", "?ACCOUNT=86433&name=%C3%BC%20b"]) {
      const target = `${bench().target(`${directory}folder/`)}${query}`;
      using upload = await bench().beginWhole(1_500_000, { target });
      expectAck(await upload.close(), upload.done);

      const [commit] = bench().commitsOf(target);
      const joint = url?.includes("?") === true ? "&" : "?";
      expect(commit).toMatchObject({
        method,
        url: url === undefined ? target : url + query.replace("?", joint),
        bytes: 1_500_000,
        state: "read",
      });
      const { headers = {} } = commit ?? {};
      expect(headers).toMatchObject({
        "content-length": "1500000",
        "content-type": "application/octet-stream",
        "bits-session-id": upload.sessionId,
        "bits-original-request-url": bench().edge.tcpUrl + target,
        authorization: AUTHORIZATION,
        "x-forwarded-for": "127.0.0.1",
      });
      expect(headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers["if-none-match"]).toBe(condition);
      expect(headers["transfer-encoding"]).toBeUndefined();
      expect(headers["bits-packet-type"]).toBeUndefined();
      await bench().expectPublished(target.replace(/\?.*/, ""), upload.bytes);
    }
  });

  it("has a key of its own for each upload, and does not pass the client's credentials on", async () => {
    const keys = new Set<string | undefined>();
    for (const _ of [1, 2]) {
      const packet = { headers: { Authorization: "Basic Y2xpZW50OnNlY3JldA==", Cookie: "a=b" } };
      using upload = await bench().beginWhole(10, { packet });
      expectAck(await upload.close(), upload.done);
      const sent = bench().commitsOf(upload.target)[0]?.headers;
      expect([sent?.["authorization"], sent?.["cookie"]]).toEqual([AUTHORIZATION, undefined]);
      keys.add(sent?.["idempotency-key"]);
    }
    expect(keys.size).toBe(2);
  });

  it("names the URL by the host that the client used (Win32, notification protocol)", async () => {
    const target = bench().target();
    const packet = { headers: { Host: "uploads.example:8080" } };
    using upload = await bench().beginWhole(10, { target, packet });
    expectAck(await upload.close(), upload.done);
    const [commit] = bench().commitsOf(target);
    expect(commit?.headers["bits-original-request-url"]).toBe(`http://uploads.example:8080${target}`);
    expect(commit?.headers["host"]).toBe(new URL(bench().origin.url).host);
  });

  it("has a name beyond ASCII percent-encoded, however the client wrote it", async () => {
    const encoded = "/uploads/Gr%C3%B6%C3%9Fe%20%E2%82%AC.bin";
    using upload = await bench().begin(10, { target: "/uploads/Größe%20€.bin" });
    const { connection, sessionId } = upload;
    expectAck(await upload.send(), { sessionId, offset: 10 });
    expectAck(await closeSession(connection, encoded, sessionId), { sessionId });
    expect(bench().commitsOf(encoded)).toHaveLength(1);
    await bench().expectPublished(encoded, upload.bytes);
  });

  it("happens for a destination that exists where an application is told: it decides (Win32, type 2)", async () => {
    const target = bench().target("/notify/");
    await bench().place(target, "of yesterday");
    using upload = await bench().beginWhole(10, { target });
    expectAck(await upload.close(), upload.done);
    expect(bench().commitsOf(target)).toHaveLength(1);
  });
});
