import { createHash, type Hash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";

/** An origin that takes a PUT of any size and keeps nothing but the SHA-256 of its bytes. */
export interface HashingOrigin extends AsyncDisposable {
  readonly url: string;
  /** Of every PUT that came whole, hexadecimal. */
  readonly digests: readonly string[];
}

async function take(request: IncomingMessage, hash: Hash): Promise<boolean> {
  return await pipeline(request, hash).then(
    () => true,
    () => false,
  );
}

export async function startHashingOrigin(): Promise<HashingOrigin> {
  const digests: string[] = [];
  const server = createServer((request, response) => {
    if (request.method !== "PUT") return void response.writeHead(404).end();
    const hash = createHash("sha256");
    void take(request, hash).then((isWhole) => {
      if (!isWhole) return response.destroy();
      digests.push(hash.digest("hex"));
      return response.writeHead(201).end();
    });
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the origin does not listen on TCP");
  return {
    url: `http://127.0.0.1:${address.port}`,
    digests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
