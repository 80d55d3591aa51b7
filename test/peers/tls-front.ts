import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { type Certificate, makeCertificate } from "./certificate.ts";

/** Ends TLS in front of a plain port, as Cloudflare does in front of a Worker. */
export class TlsFront {
  readonly certificate: Certificate;
  /** The names that clients asked for (SNI); a resumed TLS session asks no more. */
  readonly names: string[];
  readonly #server: Server;
  readonly #folder: string;
  readonly #open = new Set<Socket>();

  private constructor(
    server: Server,
    names: string[],
    certificate: Certificate,
    folder: string,
    port: number,
  ) {
    this.#server = server;
    this.names = names;
    this.certificate = certificate;
    this.#folder = folder;
    server.on("secureConnection", (secure) => {
      const plain = connect({ host: "127.0.0.1", port });
      this.#open.add(plain);
      secure.pipe(plain).pipe(secure);
      secure.on("error", () => plain.destroy());
      plain.on("error", () => secure.destroy());
      secure.on("close", () => plain.destroy());
      plain.on("close", () => {
        secure.destroy();
        this.#open.delete(plain);
      });
    });
  }

  /** Opens one in front of 127.0.0.1:`port`, with a certificate of its own. */
  static async open(port: number): Promise<TlsFront> {
    const folder = await mkdtemp(join(tmpdir(), "bits-front-"));
    const certificate = await makeCertificate(folder);
    const names: string[] = [];
    const server = createServer({
      cert: certificate.pem,
      key: await readFile(certificate.keyPath),
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TlsFront(server, names, certificate, folder, port);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the front does not listen");
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
