import { createServer, type IncomingMessage } from "node:http";
import { duplexPair } from "node:stream";
import { setImmediate } from "node:timers/promises";

/** What Node's own HTTP server made of a connection's bytes. */
export interface NodeConnection {
  /** The requests it saw whole. */
  readonly requests: readonly {
    readonly method: string | undefined;
    readonly target: string | undefined;
    readonly fields: readonly (readonly [name: string, value: string])[];
    readonly body: Uint8Array;
  }[];
  /** The code of the error it ended the connection with, or null. */
  readonly error: string | null;
}

/** Gives `bytes` to a real `node:http` server (llhttp, strict) as one connection. */
export async function readWithNode(bytes: Uint8Array): Promise<NodeConnection> {
  const whole: { message: IncomingMessage; body: Uint8Array }[] = [];
  let error: string | null = null;
  const server = createServer({ maxHeaderSize: 65_536, requireHostHeader: true, insecureHTTPParser: false });
  const take = (message: IncomingMessage, response: { end(): unknown } | null): void => {
    const parts: Uint8Array[] = [];
    message.on("data", (part: Buffer) => parts.push(part));
    message.on("end", () => whole.push({ message, body: Buffer.concat(parts) }));
    message.on("error", () => {});
    response?.end();
  };
  server.on("request", take);
  server.on("checkContinue", take);
  server.on("checkExpectation", (_message, response) => {
    error ??= "EXPECTATION";
    response.end();
  });
  server.on("clientError", (cause: NodeJS.ErrnoException) => {
    error ??= cause.code ?? cause.message;
  });
  server.on("connect", () => {
    error ??= "CONNECT";
  });
  const [client, peer] = duplexPair();
  client.on("error", () => {});
  const answers: Buffer[] = [];
  client.on("data", (answer: Buffer) => answers.push(answer));
  server.emit("connection", peer);
  client.write(bytes);
  // The pair hands bytes over in the turns after this one; the reader itself works at once.
  for (let turn = 0; turn < 6; turn++) await setImmediate();
  client.destroy();
  peer.destroy();
  // Node answers some requests by itself, without an event: those without Host, and what it calls a bad request.
  const refused = /^HTTP\/1\.1 (4\d\d|5\d\d)/m.exec(Buffer.concat(answers).toString("latin1"));
  return {
    requests: whole.map(({ message, body }) => ({
      method: message.method,
      target: message.url,
      fields: pairs(message.rawHeaders),
      body,
    })),
    error: error ?? refused?.[1] ?? null,
  };
}

function pairs(raw: readonly string[]): [string, string][] {
  const names = raw.filter((_text, place) => place % 2 === 0);
  return names.map((name, place) => [name, raw[place * 2 + 1] ?? ""]);
}
