import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Upload } from "./bench.ts";
import { isBySocket, valuesOf } from "./commit-head.ts";
import {
  CANNOT_CONNECT,
  DIRECTORIES,
  expectArrival,
  HELD,
  MEBIBYTE,
  startBench,
  told,
} from "./connections.ts";
import { FaultyOrigin } from "./faulty-origin.ts";

/**
 * Who brings the commit where the origin speaks https. And whether it is certain that an origin which TLS did not vouch for was told nothing: of `fetch` the runtime does not say.
 */
const CONNECTIONS = [
  { connection: "socket", size: MEBIBYTE + 5, comesBySocket: true, isCertain: true },
  { connection: "fetch", size: MEBIBYTE + 5, comesBySocket: false, isCertain: false },
  // Where nothing else is asked for, a small upload takes a connection that the runtime has kept, a large one its own.
  { connection: "auto", size: MEBIBYTE + 5, comesBySocket: false, isCertain: false },
  { connection: "auto", size: 3 * MEBIBYTE, comesBySocket: true, isCertain: false },
] as const;

const pem = async (name: string): Promise<string> =>
  await readFile(join(import.meta.dirname, "../fixtures/certificates", `${name}.pem`), "utf8");
const key = await pem("key");
/** An edge that knows the test authority. */
const TRUSTING = { trustedCertificate: await pem("authority") };

describe.each(CONNECTIONS)(
  "An origin that speaks TLS (ORIGIN_CONNECTION is $connection, $size bytes)",
  ({ connection, size, comesBySocket, isCertain }) => {
    it.each(
      DIRECTORIES.flatMap((directory) =>
        ["localhost", "127.0.0.1"].map((host) => ({ directory, host, name: `${directory}, ${host}` })),
      ),
    )("has the upload whole and once ($name)", async ({ directory, host }) => {
      const { origin, wire } = await startOrigin("good");
      const bench = await startBench(connection, TRUSTING, origin, `https://${host}:${wire.port}`);
      const upload = await bench.beginWhole(size, directory);
      const heads: string[] = [];
      origin.fault = async ({ head, socket, deliver }) => {
        heads.push(head);
        socket.end(await deliver(), "latin1");
      };
      await expectArrival(upload);
      // One request, framed by its length: legacy applications refuse any other (RFC 9112 section 6.3).
      expect(heads).toHaveLength(1);
      const fields = ["Host", "Content-Length", "Transfer-Encoding"];
      expect(fields.map((name) => valuesOf(name, heads[0]))).toEqual([
        [`${host}:${wire.port}`],
        [String(size)],
        [],
      ]);
      expect(isBySocket(heads[0])).toBe(comesBySocket);
    });

    it.each(
      DIRECTORIES.flatMap((directory) =>
        ["self-signed", "expired", "other-host"].map((bad) => ({ directory, bad })),
      ),
    )("is told nothing while its certificate is $bad, and then has it ($directory)", async (given) => {
      const { origin, wire } = await startOrigin(given.bad);
      const bench = await startBench(connection, TRUSTING, origin, `https://localhost:${wire.port}`);
      const upload = await bench.beginWhole(size, given.directory);
      await expectNothingSaid(upload, wire);
      await wire.present("good");
      await expectArrival(upload);
    });

    it('counts as not told where it may not be told twice, if that is certain (unknown_outcome = "hold")', async () => {
      const { origin, wire } = await startOrigin("expired");
      const bench = await startBench(connection, TRUSTING, origin, `https://localhost:${wire.port}`);
      const upload = await bench.beginWhole(size, "/hold/");
      await expectNothingSaid(upload, wire, isCertain ? CANNOT_CONNECT : HELD);
      await wire.present("good");
      if (isCertain) await expectArrival(upload);
      else expect(await told(upload)).toEqual(HELD);
    });

    it.each(DIRECTORIES)(
      "is told nothing by an edge that does not know its authority, and has it from one that does (%s)",
      async (directory) => {
        const storage = await mkdtemp(join(tmpdir(), "certificate-"));
        onTestFinished(async () => rm(storage, { recursive: true, force: true }));
        const settings = {
          storage,
          secrets: { SESSION_KEY: "the same key in both lives of the edge" },
        };
        const { origin, wire } = await startOrigin("good");
        const url = `https://localhost:${wire.port}`;
        const before = await startBench(connection, settings, origin, url);
        const upload = await before.beginWhole(size, directory);
        await expectNothingSaid(upload, wire);
        await before.edge.stop();
        await expectArrival(
          upload.at(await startBench(connection, { ...settings, ...TRUSTING }, origin, url)),
        );
      },
    );
  },
);

/** Ends TLS in front of a wire, and passes on what is said in it. */
class TlsWire {
  /** Connections so far, whether TLS came of them or not. */
  tried = 0;
  /** Bytes that were said in TLS. */
  heard = 0;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.tried += 1;
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
    });
    server.on("secureConnection", (secure: TLSSocket) => {
      const plain = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      secure.on("data", ({ length }: Buffer) => (this.heard += length));
      secure.pipe(plain).pipe(secure);
      // Whoever leaves, takes the other along.
      secure.on("error", () => plain.destroy()).on("close", () => plain.destroy());
      plain.on("error", () => secure.destroy()).on("close", () => secure.destroySoon());
    });
    server.on("tlsClientError", () => undefined); // that is what the tests are about
  }

  /** @param certificate its file's name in test/fixtures/certificates */
  static async start(certificate: string, port: number): Promise<TlsWire> {
    const server = createServer({ key, cert: await pem(certificate) }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TlsWire(server, port);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the wire does not listen on TCP");
    return address.port;
  }

  /** Shows this certificate from now on. */
  async present(certificate: string): Promise<void> {
    this.#server.setSecureContext({ key, cert: await pem(certificate) });
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}

async function startOrigin(certificate: string): Promise<{ origin: FaultyOrigin; wire: TlsWire }> {
  const origin = await FaultyOrigin.start();
  onTestFinished(async () => origin.stop());
  const wire = await TlsWire.start(certificate, origin.port);
  onTestFinished(async () => wire.stop());
  return { origin, wire };
}

/** The client is to come again, and nothing is lost (ruling 16). */
async function expectNothingSaid(
  upload: Upload,
  wire: TlsWire,
  answer: unknown = CANNOT_CONNECT,
): Promise<void> {
  const { bench, bytes } = upload;
  const before = wire.tried;
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(await told(upload)).toEqual(answer);
    expect((await upload.send()).receivedContentRange).toBe(bytes.length);
  }
  expect(wire.tried).toBeGreaterThan(before);
  expect(wire.heard).toBe(0);
  expect(bench.origin.application.requests).toEqual([]);
}
