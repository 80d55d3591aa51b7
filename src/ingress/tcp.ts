/*
 * How the TCP door works.
 *
 * The runtime hands each connection to the Worker's `connect` handler as a socket: two streams of bytes. The door makes
 * requests of the bytes, gives each to the same app that `fetch` serves, and writes the app's responses back. A
 * connection's life is one asynchronous function, from `connect` down:
 *
 *   tcp.ts            counts the client's connections, and closes the socket whatever happens
 *   announcement.ts   whose connection it is, where a proxy says it before the first request
 *   connection.ts     one request after the other: head, app, response, what is left of the body
 *   wire.ts           the socket, with a time limit on every read and write, and bytes that were read too far
 *   request-body.ts   the body, which stays on the wire until the app reads it, and goes straight into its buffer
 *   send-response.ts  the app's response, with its length or in chunks
 *   ../http1/         the grammar: heads, framing, chunks; pure, and strict: what two readers could frame differently is
 *                     refused and never repaired (RFC 9112 11.2)
 *
 * Three rules hold everywhere. First, one read and one write of the socket are under way at a time, and whoever reads next
 * takes what the one before has read too far (`Wire.unread`). Second, a message that breaks off is an error to whoever
 * reads it and never an end (ruling 29, incomplete stays incomplete): `RequestBody` gives what came, and
 * then throws `BodyLost`; a response that breaks off is written without its last chunk, and the connection is broken.
 * Third, a connection is closed only after the client had the chance to read its answer: the door says that it will
 * write no more, and takes what still comes for two seconds (`linger`), because a socket that is closed with bytes unread
 * is reset, and the reset takes the answer with it (RFC 9112 9.6).
 *
 * While the app thinks, nobody reads the socket. An app that wants to know whether its client has left asks
 * `Arrival.whenGone`, which begins the read of the next head before its time: the end of the client's stream in its place
 * tells that the client has left. The app's request to the origin is then ended; a commit's is not.
 *
 * The HTTP door (http.ts) is the runtime's own server. The runtime accepts a CONNECT there with 200 and gives the tunnel to
 * this door's `connect`, past the rules of any gateway before the HTTP door. A tunnel has no peer's address, so this door
 * closes it before it reads a byte.
 */
import { readAnnouncement } from "./announcement.ts";
import { serveConnection } from "./connection.ts";
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from "./door-limits.ts";
import { tcpConnections } from "../runtime/connections.ts";
import { Refusal } from "../http1/refusals.ts";
import { refuse, turnAway } from "./refuse.ts";
import { Wire } from "./wire.ts";

const NO_ROOM = new Refusal(503, "The door has as many connections open as it may.");
const TOO_MANY_CONNECTIONS = new Refusal(503, "The client has too many connections open.");

/**
 * The TCP door: an HTTP/1.1 server for a Worker's `connect` handler. The runtime's own HTTP front end answers 501
 * to verbs it does not know, BITS_POST among them, before any Worker code runs; here the Worker reads the bytes.
 *
 * @param handle the app, called like a `fetch` handler; `arrivalOf(request)` says what was on the wire. Once its
 *   response is whole the rest of the request's body is thrown away, so it reads what it wants before that
 * @param limitsOf limits that differ from the defaults, read for each connection
 * @default {@link DEFAULT_DOOR_LIMITS}
 * @returns the `connect` handler; it resolves when the connection is over and never rejects
 *
 * @example
 * ```ts
 * export default { fetch: app.fetch, connect: tcpDoor<Env>(app.fetch, (env) => readConfig(env).door) };
 * ```
 */
export function tcpDoor<Env>(
  handle: (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response>,
  limitsOf?: (env: Env) => Partial<DoorLimits>,
): (socket: Socket, env: Env, ctx: ExecutionContext) => Promise<void> {
  const open = new Map<string, number>();
  let all = 0;

  return async function connect(socket, env, ctx) {
    const limits = { ...DEFAULT_DOOR_LIMITS, ...limitsOf?.(env) };
    all += 1;
    tcpConnections.open += 1;
    const isFull = all > limits.maximumConnections;
    const wire = new Wire(socket, limits.writeTimeoutSeconds);
    try {
      const peer = await addressOf(socket);
      if (peer === null) return; // a CONNECT at the HTTP door, or a client that is gone
      if (isFull) return await turnAway(wire, NO_ROOM);
      const client = await readAnnouncement(wire, peer, limits);
      if (client instanceof Refusal) return await refuse(wire, client);
      if (client === null) return;
      const clientAddress = client.address;
      // If a proxy cannot name its clients, they share the proxy's count.
      await counted(clientAddress ?? peer, async (others) => {
        if (others >= limits.connectionsPerClient) return await refuse(wire, TOO_MANY_CONNECTIONS);
        await serveConnection({
          wire,
          limits,
          clientAddress,
          answer: (request) => handle(request, env, ctx),
        });
      });
    } catch {
      // The client is gone. The reader of its bytes has decided what the broken connection means.
    } finally {
      await wire.close();
      all -= 1;
      tcpConnections.open -= 1;
    }
  };

  /** Tells `serve` how many connections of the client are open beside this one, and counts it until it is over. */
  async function counted(client: string, serve: (others: number) => Promise<void>): Promise<void> {
    const others = open.get(client) ?? 0;
    open.set(client, others + 1);
    try {
      await serve(others);
    } finally {
      const left = (open.get(client) ?? 1) - 1;
      if (left === 0) open.delete(client);
      else open.set(client, left);
    }
  }
}

/** The peer's address without its port; IPv6 without brackets. Null for a CONNECT that came in at the HTTP door. */
async function addressOf(socket: Socket): Promise<string | null> {
  try {
    const { remoteAddress } = await socket.opened;
    return remoteAddress === undefined ? null : hostOf(remoteAddress);
  } catch {
    return null;
  }
}

function hostOf(address: string): string {
  const bracketed = /^\[(.*)\](?::\d+)?$/.exec(address);
  if (bracketed?.[1] !== undefined) return bracketed[1];
  const [host = "", port, ...more] = address.split(":");
  // More than one colon and no brackets: a bare IPv6 address, which has no port to take off.
  return port !== undefined && more.length === 0 ? host : address;
}
