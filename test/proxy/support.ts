import { afterAll, beforeAll } from "vitest";
import { type DirectorySettings, type Edge, startEdge } from "../support/edge.ts";
import type { HttpResponse } from "../support/http-response.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RawOrigin } from "./raw-origin.ts";

export type Door = "tcp" | "http";
export const DOORS: readonly Door[] = ["tcp", "http"];

/** One edge in front of an origin that sees the bytes. */
export interface Bench {
  readonly edge: Edge;
  readonly origin: RawOrigin;
  open(door: Door): Promise<RawConnection>;
  /** Sends `lines` as a head, and `body`, on a connection of its own, and reads the answer. */
  ask(door: Door, lines: readonly string[], body?: string): Promise<HttpResponse>;
}

/**
 * A bench for the tests of this file.
 *
 * @param main the Worker's entry point; default: the project's own
 */
export function useBench(
  vars: Readonly<Record<string, unknown>> = {},
  directories: readonly DirectorySettings[] = [{ path: "/uploads/" }],
  main?: string,
): () => Bench {
  let edge: Edge | undefined;
  let origin: RawOrigin | undefined;
  beforeAll(async () => {
    origin = await RawOrigin.start();
    edge = await startEdge({
      vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: directories, ...vars },
      ...(main === undefined ? {} : { main }),
    });
  });
  afterAll(async () => {
    await edge?.stop();
    await origin?.[Symbol.asyncDispose]();
  });
  return () => {
    if (edge === undefined || origin === undefined)
      throw new Error("the bench is there from the first test on");
    return benchOf(edge, origin);
  };
}

function benchOf(edge: Edge, origin: RawOrigin): Bench {
  const open = async (door: Door): Promise<RawConnection> =>
    RawConnection.open("127.0.0.1", door === "tcp" ? edge.tcpPort : edge.httpPort);
  return {
    edge,
    origin,
    open,
    async ask(door, lines, body = "") {
      using connection = await open(door);
      await connection.send(Buffer.from([...lines, "", body].join("\r\n"), "latin1"));
      return await connection.readResponse({ toHead: lines[0]?.startsWith("HEAD ") === true });
    },
  };
}
