import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { formatPacketHead } from "./bits-client.ts";
import { ConnectionLost, ConnectionTimeout, RawConnection } from "./raw-connection.ts";
import { UploadRefused } from "./upload-outcome.ts";
import { uploadFile } from "./upload-file.ts";
import { patternSource } from "./upload-source.ts";
import { eventually } from "./eventually.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

describe("RawConnection", () => {
  it("reads responses that arrive in single bytes, one at a time, by length and by chunks", async () => {
    const bytes =
      "HTTP/1.1 200 OK\r\nx-Odd: 1\r\nContent-Length: 2\r\n\r\nab" +
      "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ncd\r\n1;x=y\r\ne\r\n0\r\n\r\nrest";
    using connection = await connectionTo((socket) => {
      const next = (at: number): void => {
        socket.write(bytes.slice(at, at + 1), "latin1");
        if (at + 1 < bytes.length) setImmediate(next, at + 1);
      };
      next(0);
    });
    const first = await connection.readResponse();
    expect([first.status, first.headers[0], first.body.toString()]).toEqual([200, ["x-Odd", "1"], "ab"]);
    const second = await connection.readResponse();
    expect([second.status, second.reason, second.body.toString()]).toEqual([404, "Not Found", "cde"]);
    await expect(connection.readResponse({ timeoutMilliseconds: 50 })).rejects.toThrow(ConnectionTimeout);
    await eventually(() => expect(connection.surplusBytes).toBe(4));
  });

  it("says lost, not empty, when the server hangs up inside a response", async () => {
    using connection = await connectionTo((socket) =>
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
    );
    await expect(connection.readResponse()).rejects.toThrow(ConnectionLost);
  });
});

describe("formatPacketHead", () => {
  it.each([
    ["01-create-session-request-from-the-client", "Create-Session", {}],
    ["03-fragment-request-from-the-client-head", "Fragment", { first: 0, length: 4892, total: 4892 }],
    ["06-ping-request-from-the-client", "Ping", {}],
    ["08-close-session-request-from-the-client", "Close-Session", {}],
  ] as const)("writes %s as Windows wrote it", async (capture, type, range) => {
    const captured = await readFile(
      join(import.meta.dirname, "..", "fixtures", "upload", `${capture}.bin`),
      "latin1",
    );
    const hasSession = type === "Fragment" || type === "Close-Session";
    const session = hasSession ? { sessionId: "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}" } : {};
    const server = { host: "frankcao8", port: 80 };
    const head = formatPacketHead(
      server,
      "/upload/2000mb-rfc2119.txt",
      type,
      { ...session, ...range },
      { contentName: "rfc2119.txt", headers: { host: "frankcao8", "User-Agent": "Microsoft BITS/6.7" } },
    );
    expect(head.replace("host: ", "Host: ")).toBe(captured);
  });
});

describe("uploadFile", () => {
  it("halves on 413, follows 416, starts over on an unknown session, repeats Close-Session on 503", async () => {
    const source = patternSource(100_000);
    const said: string[] = [];
    let stored = 0;
    const script: Record<string, (() => Reply)[]> = {
      "Create-Session": [],
      Fragment: [
        () => ({ status: "413" }),
        () => ({ status: "500", "BITS-Error-Code": "0x8020001F" }),
        () => ({ status: "416", "BITS-Received-Content-Range": "7" }),
      ],
      "Close-Session": [() => ({ status: "503" })],
    };
    const url = await bitsServer((type, range, length) => {
      said.push(`${type} ${range}`.trim());
      const scriptedReply = script[type]?.shift();
      if (scriptedReply !== undefined) return scriptedReply();
      stored = Number(/\d+/.exec(range)?.[0] ?? 0) + length;
      return { status: "200", "BITS-Session-Id": "{1}", "BITS-Received-Content-Range": String(stored) };
    });
    const report = await uploadFile(source, url, { fragmentBytes: 80_000, retryDelayMilliseconds: 1 });
    expect(said).toEqual([
      "Create-Session",
      "Fragment bytes 0-79999/100000",
      "Fragment bytes 0-39999/100000",
      "Create-Session",
      "Fragment bytes 0-39999/100000",
      "Fragment bytes 7-40006/100000",
      "Fragment bytes 40007-80006/100000",
      "Fragment bytes 80007-99999/100000",
      "Close-Session",
      "Close-Session",
    ]);
    expect([report.sessions, report.connections, report.closeAck.status]).toEqual([2, 1, 200]);
  });

  it("gives up on an Ack that Windows gives up on", async () => {
    const url = await bitsServer(() => ({ status: "403", "BITS-Error": "0x80070005" }));
    const refused = await uploadFile(patternSource(1), url).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UploadRefused);
    expect(String(refused)).toBe("UploadRefused: Create-Session was answered 403 0x80070005");
  });
});

it("patternSource gives the same bytes from any offset", async () => {
  const source = patternSource(3_000_000);
  const bytesOf = async (first: number, length: number): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of source.read(first, length)) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  };
  const part = await bytesOf(1_048_000, 1_100_000);
  expect(part.equals((await bytesOf(0, 3_000_000)).subarray(1_048_000, 2_148_000))).toBe(true);
});

/** A server of one behaviour for every connection; gives its port. */
async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    onConnection(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}

async function connectionTo(onConnection: (socket: Socket) => void): Promise<RawConnection> {
  return RawConnection.open("127.0.0.1", await serve(onConnection));
}

type Reply = Readonly<Record<string, string>> & { status: `${number}` };

/** Reads packets whole and answers each with what `reply` makes of it; gives an upload URL. */
async function bitsServer(reply: (type: string, range: string, length: number) => Reply): Promise<string> {
  const port = await serve((socket) => {
    let received = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      received += chunk;
      const head = /^[^]*?\r\n\r\n/.exec(received)?.[0];
      const length = Number(/Content-Length: (\d+)/.exec(head ?? "")?.[1]);
      if (head === undefined || received.length < head.length + length) return;
      received = received.slice(head.length + length);
      const field = (name: string): string => new RegExp(`${name}: (.*)\r`).exec(head)?.[1] ?? "";
      const { status, ...headers } = reply(field("BITS-Packet-Type"), field("Content-Range"), length);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 ${status} X\r\n${lines.join("")}Content-Length: 0\r\n\r\n`);
    });
  });
  return `http://127.0.0.1:${port}/uploads/x.bin`;
}
