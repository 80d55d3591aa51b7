import { setTimeout as pause } from "node:timers/promises";
import { MORE_THAN_BUFFERS } from "../support/system-buffers.ts";
import type { Fault } from "./faulty-origin.ts";

const MEBIBYTE = 1024 * 1024;
/** Enough for the origin to answer, or to leave, while the body is still coming. */
const LARGE = 16 * MEBIBYTE;

/** What a Close-Session is answered. */
type Told = readonly [status: number, hresult: number] | null;

/** A fault of the origin's, and what the client is to hear of it. */
export interface FaultCase {
  readonly name: string;
  readonly fault: Fault | "refuse";
  /** Status and HRESULT of the Close-Session that meets it; null where that one is to succeed. */
  readonly told: Told;
  /** The same where the runtime's `fetch` brings the commit; default: `told`. */
  readonly toldByFetch?: Told;
  /** Bytes of the upload; default a small one of a few pieces. */
  readonly size?: number;
  /** The application had taken the upload when the fault hid it: a second delivery is owed to it. */
  readonly taken?: true;
  /** The edge has its answer and goes on listening until its patience ends; so it does where `told` is a timeout. */
  readonly outlasts?: true;
}

const TIMED_OUT = [504, 0x80072ee2] as const;
const CANNOT_CONNECT = [502, 0x80072efd] as const;
const LOST = [502, 0x80072efe] as const;
const ofStatus = (status: number, told = status): readonly [number, number] => [told, 0x80190000 + status];

/** Reads a body to its end and forgets it. */
const swallow = async (body: AsyncIterable<Buffer>): Promise<void> => {
  for await (const chunk of body) void chunk;
};

async function* slowed(body: AsyncIterable<Buffer>, bytesPerSecond: number): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    await pause((chunk.length / bytesPerSecond) * 1_000);
    yield chunk;
  }
}

/** Every way to answer badly, or not at all, that is told apart by what the edge sees on its connection. */
export const FAULTS: readonly FaultCase[] = [
  { name: "refuses connections", fault: "refuse", told: CANNOT_CONNECT },
  { name: "accepts and says nothing", fault: () => undefined, told: TIMED_OUT, size: LARGE },
  // Few bytes: of those that may still lie in the network the edge is patient, a second for each 64 KiB.
  { name: "reads all and says nothing", fault: ({ body }) => swallow(body()), told: TIMED_OUT, size: 70_000 },
  {
    // Slower than a Close-Session waits, but never silent as long: the commit goes on, and the next one joins it.
    name: "reads slowly",
    fault: async ({ socket, body, deliver }) => {
      socket.end(await deliver(slowed(body(), 5 * MEBIBYTE)), "latin1");
    },
    told: TIMED_OUT,
    size: LARGE,
  },
  { name: "resets before the body", fault: ({ socket }) => void socket.resetAndDestroy(), told: LOST },
  {
    name: "resets inside the body",
    fault: async ({ socket, body, length }) => {
      let received = 0;
      for await (const chunk of body()) {
        received += chunk.length;
        if (received > length / 2) break;
      }
      socket.resetAndDestroy();
    },
    told: LOST,
  },
  {
    name: "resets after the body",
    fault: async ({ socket, body }) => {
      await swallow(body());
      socket.resetAndDestroy();
    },
    told: LOST,
  },
  {
    name: "takes the upload, and resets",
    fault: async ({ socket, deliver }) => {
      await deliver();
      socket.resetAndDestroy();
    },
    told: LOST,
    taken: true,
  },
  {
    name: "takes the upload, and closes without a word",
    fault: async ({ socket, deliver }) => {
      await deliver();
      socket.end();
    },
    told: LOST,
    taken: true,
  },
  {
    name: "answers 507 while the body is still coming",
    fault: async ({ socket, body }) => {
      socket.write("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      await swallow(body());
      socket.end();
    },
    told: ofStatus(507),
    size: LARGE,
  },
  {
    name: "answers 507 at once and closes on the body",
    fault: ({ socket }) => {
      socket.end("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      socket.resume();
    },
    told: ofStatus(507),
    size: LARGE,
  },
  {
    // As Node does: an end with bytes unread is a reset, which takes the answer with it.
    name: "answers 507 at once, goes on reading, and resets where it was told to close",
    fault: ({ socket, head }) => {
      socket.write("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n");
      if (/^connection: *close/im.test(head)) socket.destroySoon();
      else socket.resume();
    },
    told: ofStatus(507),
    size: LARGE,
  },
  {
    name: "answers 100 and dies",
    fault: async ({ socket, body }) => {
      socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      await swallow(body());
      socket.destroy();
    },
    told: LOST,
  },
  {
    name: "answers 200 and closes without reading",
    fault: async ({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      await pause(100);
      socket.destroy();
    },
    told: LOST,
    size: MORE_THAN_BUFFERS,
  },
  {
    // The runtime's fetch stops sending when an answer is whole; by a socket the origin is given its time.
    name: "answers 200 and never reads",
    fault: ({ socket }) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    told: TIMED_OUT,
    toldByFetch: LOST,
    size: MORE_THAN_BUFFERS,
  },
  {
    name: "sends garbage",
    fault: async ({ socket, body }) => {
      await swallow(body());
      socket.end(Buffer.from("\u0016\u0003\u0001 this is no HTTP\r\n\r\n".repeat(50)));
    },
    told: LOST,
  },
  {
    name: "ends inside its status line",
    fault: async ({ socket, body }) => {
      await swallow(body());
      socket.end("HTTP/1.1 20");
    },
    told: LOST,
  },
  {
    name: "sends 10 MB of headers",
    fault: async ({ socket, body }) => {
      await swallow(body());
      socket.write("HTTP/1.1 200 OK\r\n");
      for (let line = 0; line < 10_000; line++) socket.write(`X-Padding-${line}: ${"x".repeat(1_000)}\r\n`);
      socket.end("Content-Length: 0\r\n\r\n");
    },
    told: LOST,
  },
  {
    name: "takes the upload, and answers 204 with a body",
    fault: async ({ socket, deliver }) => {
      await deliver();
      socket.end("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello");
    },
    told: null,
  },
  {
    name: "takes the upload, and answers 200 with less body than it announces",
    fault: async ({ socket, deliver }) => {
      await deliver();
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello");
    },
    told: null,
  },
  {
    name: "takes the upload, and never ends its answer",
    fault: async ({ socket, deliver }) => {
      await deliver();
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello");
    },
    told: null,
    size: 70_000,
    outlasts: true,
  },
  {
    name: "redirects",
    fault: async ({ socket, body }) => {
      await swallow(body());
      socket.end("HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    },
    told: ofStatus(307, 502),
  },
];
