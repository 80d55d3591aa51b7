import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test, vi } from "vitest";
import { FAULTS } from "../../src/protocol/faults.ts";
import type { PacketType } from "../../src/protocol/packet.ts";
import { parsePacketType } from "../../src/protocol/parse-packet.ts";
import { parseContentRange } from "../../src/protocol/content-range.ts";
import { type Ack, writeAck } from "../../src/protocol/write-ack.ts";
import { type CommandEnd, runCommand } from "./command-line.ts";
import { lastOf } from "./upload-bench.ts";

vi.setConfig({ testTimeout: 60_000 });

/** One request as the server of the test saw it. */
interface Seen {
  readonly packet: PacketType | null;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

type Answer = (seen: Seen, response: ServerResponse) => Partial<Ack> | "done";

/** A BITS server that does what no edge can be brought to do, by POST: Node's HTTP server knows no BITS_POST. */
class ScriptedServer implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly #answer: Answer;
  readonly #server = createServer((incoming, response) => void this.#serve(incoming, response));

  private constructor(answer: Answer) {
    this.#answer = answer;
  }

  static async start(answer: Answer = () => ({})): Promise<ScriptedServer> {
    const server = new ScriptedServer(answer);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get host(): string {
    const address = this.#server.address();
    return `127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  }

  get packets(): (PacketType | null)[] {
    return this.seen.map(({ packet }) => packet);
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = incoming;
    const packet = parsePacketType(String(headers["bits-packet-type"] ?? ""));
    const seen = { packet, method, url, headers, body: await buffer(incoming) };
    this.seen.push(seen);
    const range = parseContentRange(headers["content-range"] ?? "");
    const offset = typeof range === "object" ? range.last + 1 : null;
    const sessionId = String(headers["bits-session-id"] ?? `{${randomUUID()}}`);
    const said = this.#answer(seen, response);
    if (said === "done") return;
    const ack = writeAck({ to: packet, sessionId, offset, fault: null, ...said });
    response.writeHead(ack.status, ack.headers.flat()).end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

/** A file of its own, in a folder that is the command's state and current folder too. */
async function fileOf(size: number): Promise<{ folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), "bits-scripted-"));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const path = join(folder, "file.bin");
  await writeFile(path, Buffer.alloc(size, 7));
  return { folder, path };
}

async function upload(folder: string, ...args: readonly string[]): Promise<CommandEnd> {
  const fixed = [
    "upload",
    "--json",
    "--verb",
    "POST",
    "--state",
    join(folder, "state"),
    "--retry-delay",
    "0",
  ];
  return await runCommand([...fixed, ...args], { cwd: folder });
}

test("A lost Close-Session of a session that is unknown then: exit code 5, again and again, until --fresh", async () => {
  const { folder, path } = await fileOf(1000);
  let closes = 0;
  await using server = await ScriptedServer.start(({ packet }, response) => {
    if (packet !== "Close-Session") return {};
    closes += 1;
    if (closes > 1 && closes < 4) return { fault: FAULTS.sessionUnknown };
    if (closes === 1) response.destroy();
    return closes === 1 ? "done" : {};
  });
  const url = `http://${server.host}/up/`;
  const first = await upload(folder, path, url);
  expect(first).toMatchObject({ code: 5 });
  expect(lastOf(first, "failed")?.["because"]).toMatch(/Look at the destination/);
  expect(await upload(folder, path, url)).toMatchObject({ code: 5 });
  expect(server.packets.filter((packet) => packet === "Create-Session")).toHaveLength(1);
  expect(await upload(folder, "--fresh", path, url)).toMatchObject({ code: 0 });
  expect(server.packets.filter((packet) => packet === "Create-Session")).toHaveLength(2);
});

test("BITS-Host-Id: after a Ping there, all packets go to the host that the server names", async () => {
  const { folder, path } = await fileOf(1000);
  await using other = await ScriptedServer.start();
  const host = { id: other.host, fallbackTimeoutSeconds: 60 };
  await using server = await ScriptedServer.start(() => ({ host }));
  expect(await upload(folder, path, `http://${server.host}/up/x.bin`)).toMatchObject({ code: 0 });
  expect(server.packets).toEqual(["Create-Session"]);
  expect(other.packets).toEqual(["Ping", "Fragment", "Close-Session"]);
  expect(other.seen.map(({ headers, url }) => [headers.host, url])).toEqual(
    other.packets.map(() => [other.host, "/up/x.bin"]),
  );
});

test("BITS-Host-Id: a host that is gone is left for the first one when its time is over ([MC-BUP] 3.1.6.3)", async () => {
  const { folder, path } = await fileOf(1000);
  const host = { id: "127.0.0.1:1", fallbackTimeoutSeconds: 1 };
  await using server = await ScriptedServer.start(({ packet }) =>
    packet === "Create-Session" ? { host } : {},
  );
  expect(await upload(folder, path, `http://${server.host}/up/x.bin`)).toMatchObject({ code: 0 });
  expect(server.packets).toEqual(["Create-Session", "Ping", "Fragment", "Close-Session"]);
});

test("A reply that breaks off is gone on with by Range and If-Range, and credentials stay with the upload's host", async () => {
  const { folder, path } = await fileOf(1000);
  const words = "0123456789".repeat(2000);
  await using elsewhere = await ScriptedServer.start(({ headers }, response) => {
    const range = /^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1];
    if (range === undefined) {
      response.writeHead(200, { "Content-Length": words.length, ETag: '"a"' });
      response.write(words.slice(0, 12_345), () => setImmediate(() => response.destroy()));
      return "done";
    }
    const rest = words.slice(Number(range));
    const contentRange = `bytes ${range}-${words.length - 1}/${words.length}`;
    response
      .writeHead(206, { "Content-Length": rest.length, "Content-Range": contentRange, ETag: '"a"' })
      .end(rest);
    return "done";
  });
  const replyUrl = `http://${elsewhere.host}/reply`;
  await using server = await ScriptedServer.start(() => ({ replyUrl }));
  const end = await upload(folder, "--user", "ann:secret", path, `http://${server.host}/up/x.bin`);
  expect(end, end.stdout).toMatchObject({ code: 0 });
  expect(await readFile(join(folder, "file.bin.reply"), "utf8")).toBe(words);
  expect(server.seen.every(({ headers }) => headers.authorization !== undefined)).toBe(true);
  expect(elsewhere.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  expect(elsewhere.seen.at(-1)?.headers).toMatchObject({ "if-range": '"a"' });
});

test("Retry-After of a gateway is obeyed", async () => {
  const { folder, path } = await fileOf(10);
  let asked = 0;
  await using server = await ScriptedServer.start((_, response) => {
    asked += 1;
    if (asked > 1) return {};
    response.writeHead(503, { "Retry-After": "2" }).end("busy");
    return "done";
  });
  const end = await upload(folder, path, `http://${server.host}/up/`);
  expect(end).toMatchObject({ code: 0 });
  expect(lastOf(end, "waiting")).toMatchObject({ seconds: 2 });
});

test("A server that forgets every session is given up: exit code 1", async () => {
  const { folder, path } = await fileOf(10);
  await using server = await ScriptedServer.start(({ packet }) =>
    packet === "Fragment" ? { fault: FAULTS.sessionUnknown } : {},
  );
  const end = await upload(folder, path, `http://${server.host}/up/`);
  expect(end).toMatchObject({ code: 1 });
  expect(lastOf(end, "failed")?.["because"]).toContain("lost 10 sessions");
});
