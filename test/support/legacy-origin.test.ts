import { afterEach, describe, expect, it } from "vitest";
import { type LegacyOrigin, type LegacyOriginOptions, startLegacyOrigin } from "./legacy-origin.ts";
import { answer } from "./origin-behaviour.ts";
import { ConnectionLost, ConnectionTimeout, RawConnection } from "./raw-connection.ts";
import { eventually } from "./eventually.ts";

let started: LegacyOrigin | undefined;
afterEach(async () => started?.close());

async function origin(options?: LegacyOriginOptions): Promise<LegacyOrigin> {
  started = await startLegacyOrigin(options);
  return started;
}

describe("legacy origin", () => {
  it("stores a PUT whole with its hash, serves ranges of it, and respects If-None-Match", async () => {
    const { url, requests, files } = await origin();
    const body = "0123456789";
    const put = { method: "PUT", body, headers: { "If-None-Match": "*" } };
    expect((await fetch(`${url}/a/b%20c.bin`, put)).status).toBe(201);
    expect((await fetch(`${url}/a/b%20c.bin`, put)).status).toBe(412);
    expect(requests[0]).toMatchObject({ bytes: 10, state: "read", status: 201, url: "/a/b%20c.bin" });
    expect(requests[0]?.sha256).toBe("84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882");
    const part = await fetch(`${url}/a/b%20c.bin`, { headers: { Range: "bytes=2-4" } });
    expect([part.status, part.headers.get("Content-Range"), await part.text()]).toEqual([
      206,
      "bytes 2-4/10",
      "234",
    ]);
    expect(await files.list()).toEqual(["/a/b c.bin"]);
  });

  it("refuses a chunked body with 411", async () => {
    const { port } = await origin();
    using connection = await RawConnection.open("127.0.0.1", port);
    await connection.send(
      "PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    expect((await connection.readResponse()).status).toBe(411);
  });

  it("keeps nothing of a body that was cut", async () => {
    const { port, files, requests } = await origin();
    using connection = await RawConnection.open("127.0.0.1", port);
    await connection.send("PUT /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
    await eventually(() => {
      expect(requests[0]?.bytes).toBe(3);
    });
    connection.destroy();
    await eventually(() => {
      expect(requests[0]?.state).toBe("cut");
    });
    expect(await files.list()).toEqual([]);
  });

  it("answers early, resets, closes and hangs as it is told", async () => {
    const legacy = await origin();
    const put = async (body: string) => {
      using connection = await RawConnection.open("127.0.0.1", legacy.port);
      await connection.send(`PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n${body}`);
      return await connection.readResponse({ timeoutMilliseconds: 200 });
    };
    legacy.queue({ kind: "answer-early", status: 413 });
    expect((await put("abc")).status).toBe(413);
    await legacy.behaving({ kind: "reset", when: { afterBytes: 1 } }, async () =>
      expect(put("abc")).rejects.toThrow(ConnectionLost),
    );
    legacy.queue(
      { kind: "close" },
      { kind: "hang" },
      answer(507, { "BITS-Error-Code": "0x80041234" }, "full"),
    );
    await expect(put("abcdefghi")).rejects.toThrow(ConnectionLost);
    await expect(put("abcdefghi")).rejects.toThrow(ConnectionTimeout);
    const full = await put("abcdefghi");
    expect([full.status, full.header("bits-error-code"), full.body.toString()]).toEqual([
      507,
      "0x80041234",
      "full",
    ]);
    expect(await legacy.files.list()).toEqual([]);
  });

  it("gives a remembered Idempotency-Key its first answer, and refuses connections while paused", async () => {
    const legacy = await origin({ rememberIdempotencyKeys: true });
    const put = { method: "PUT", body: "x", headers: { "Idempotency-Key": "k", "If-None-Match": "*" } };
    expect((await fetch(`${legacy.url}/x`, put)).status).toBe(201);
    await legacy.pause();
    await expect(fetch(`${legacy.url}/x`, put)).rejects.toThrow("fetch failed");
    await legacy.resume();
    expect((await fetch(`${legacy.url}/x`, put)).status).toBe(201);
    expect(legacy.requests.map((request) => request.repeated)).toEqual([false, true]);
  });
});
