import { serveConnection } from "./connection.ts";
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from "./door-limits.ts";
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
    const isFull = all > limits.maximumConnections;
    const wire = new Wire(socket, limits.writeTimeoutSeconds);
    const clientAddress = await addressOf(socket);
    const client = clientAddress ?? "";
    const connections = open.get(client) ?? 0;
    open.set(client, connections + 1);
    try {
      if (isFull) {
        await turnAway(wire, NO_ROOM);
      } else if (connections >= limits.connectionsPerClient) {
        await refuse(wire, TOO_MANY_CONNECTIONS);
      } else {
        await serveConnection({
          wire,
          limits,
          clientAddress,
          answer: (request) => handle(request, env, ctx),
        });
      }
    } catch {
      // The client is gone. What a broken connection means is decided where its bytes were being read.
    } finally {
      const left = (open.get(client) ?? 1) - 1;
      if (left === 0) open.delete(client);
      else open.set(client, left);
      await wire.close();
      all -= 1;
    }
  };
}

/** The peer's address without its port; IPv6 without brackets. */
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
