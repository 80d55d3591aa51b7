import { afterAll, beforeAll, expect } from "vitest";
import { type BenchOptions, Bench, type Door, Upload } from "../conformance/support.ts";
import { type ExpectedAck, expectAck } from "../conformance/expect-ack.ts";
import type { Ack, PacketOptions } from "../support/bits-client.ts";
import { HttpResponse } from "../support/http-response.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Application } from "./application.ts";

/** An edge between a client and two origins: the application that is told, and the server that has the files. */
export interface Stage {
  readonly bench: Bench;
  readonly application: Application;
}

/** A stage for the tests of this file; its directories need to know where the application is. */
export function useStage(options: (application: Application) => BenchOptions): () => Stage {
  let stage: Stage | undefined;
  beforeAll(async () => {
    const application = await Application.start();
    stage = { application, bench: await Bench.start(options(application)) };
  });
  afterAll(async () => {
    await Promise.all([stage?.bench.stop(), stage?.application.stop()]);
  });
  return () => {
    if (stage === undefined) throw new Error("the stage is there from the first test on");
    return stage;
  };
}

/** The Ack but for these headers, for those that `expectAck` knows nothing of. */
export function withoutHeaders(ack: Ack, ...names: readonly string[]): Ack {
  const { response } = ack;
  const dropped = new Set(names.map((name) => name.toLowerCase()));
  const headers = response.headers.filter(([name]) => !dropped.has(name.toLowerCase()));
  const { version, status, reason, body } = response;
  return { ...ack, response: new HttpResponse({ version, status, reason, headers }, body) };
}

/** Value of each header of this name. */
export function valuesOf({ response }: Ack, name: string): string[] {
  return response.headers
    .filter(([have]) => have.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);
}

/**
 * The Ack of a completing Fragment whose application has accepted: one BITS-Reply-URL, everything else as on
 * any Fragment.
 *
 * @returns the URL
 */
export function expectReplyUrl(ack: Ack, upload: Upload): string {
  expectAck(withoutHeaders(ack, "BITS-Reply-URL"), complete(upload));
  const [url = "", ...others] = valuesOf(ack, "BITS-Reply-URL");
  expect(others).toEqual([]);
  expect(URL.canParse(url), `an absolute URL: ${url}`).toBe(true);
  return url;
}

/** The upload of a session that a test has created itself. */
export function uploadOf(
  { ack, ...session }: { ack: Ack; target: string; bytes: Buffer },
  connection: RawConnection,
  packet: PacketOptions = {},
): Upload {
  const edge = { open: async () => await RawConnection.open(connection.host, connection.port) };
  const { target: destination, bytes } = session;
  return new Upload(edge, { destination, sessionId: ack.sessionId ?? "", bytes }, { connection, packet });
}

/** The Ack of the Fragment that leaves nothing missing, where there is no reply. */
export function complete({ sessionId, bytes }: Upload): ExpectedAck {
  return { sessionId, offset: bytes.length };
}

/** One request for a URL of the edge. */
export interface UrlRequest {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
}

/**
 * One GET, or another request, on a connection of its own, as a downloader sends it. The URL says where to,
 * unless a door is named.
 */
export async function fetchUrl(
  url: string,
  request: UrlRequest = {},
  to: { readonly bench: Bench; readonly door: Door } | null = null,
): Promise<HttpResponse> {
  const { hostname, port, pathname, search, host } = new URL(url);
  using connection = await (to === null
    ? RawConnection.open(hostname, Number(port))
    : to.bench.open(to.door));
  const { method = "GET", body } = request;
  const headers = {
    Host: host,
    "User-Agent": "Microsoft BITS/7.8",
    ...(body === undefined ? {} : { "Content-Length": String(body.length) }),
    ...request.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  await connection.send(`${method} ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`);
  // It may be refused before it is all sent; then the answer counts.
  if (body !== undefined) await connection.send(body).catch(() => undefined);
  return await connection.readResponse({ toHead: method === "HEAD" });
}

/** How far a place that tests wait at has been reached, and the leave to go on. */
export interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}
