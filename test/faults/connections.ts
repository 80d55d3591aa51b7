import { expect, onTestFinished } from "vitest";
import { type EdgeOptions, startEdge } from "../support/edge.ts";
import { Bench, type Upload } from "./bench.ts";
import { FaultyOrigin } from "./faulty-origin.ts";

export const MEBIBYTE = 1024 * 1024;
export const SIZE = 2 * MEBIBYTE + 17;
/** WinINet's codes, and the application's own context: [MC-BUP] 2.2.1.2, ruling 16. */
export const CANNOT_CONNECT = [502, 0x80072efd, 0x7] as const;
export const LOST = [502, 0x80072efe, 0x7] as const;
/** Until the operator has looked (ruling 19). */
export const HELD = [503, 0x801901f7, 0x7] as const;
export const TAKEN = [200, undefined, undefined] as const;

export const CONNECTIONS = ["socket", "fetch", "auto"] as const;
export type Connection = (typeof CONNECTIONS)[number];
/** An origin is given more time than any machine needs: no test with these waits until it is over. */
const PATIENT = { origin_timeout_seconds: 20 } as const;
const TOLD = { ...PATIENT, notification: "by-value", notification_url: "/receive.ashx?from=edge" } as const;
const SETTINGS = [
  { path: "/files/", ...PATIENT },
  { path: "/notify/", ...TOLD },
  { path: "/hold/", ...TOLD, unknown_outcome: "hold" },
  { path: "/reply/", ...TOLD, reply: true },
] as const;
export const DIRECTORIES = ["/files/", "/notify/"] as const;

export async function startOrigin(): Promise<FaultyOrigin> {
  const origin = await FaultyOrigin.start();
  onTestFinished(async () => origin.stop());
  return origin;
}

/** An edge in front of an origin of its own, unless there is one, for this test. */
export async function startBench(
  connection: Connection,
  options: Omit<EdgeOptions, "vars"> = {},
  given?: FaultyOrigin,
  url?: string,
): Promise<Bench> {
  const origin = given ?? (await startOrigin());
  const vars = {
    ORIGIN_URL: url ?? origin.url,
    ORIGIN_CONNECTION: connection,
    UPLOAD_DIRECTORIES: SETTINGS,
  };
  const edge = await startEdge({ ...options, vars });
  onTestFinished(async () => edge.stop());
  return new Bench(edge, origin);
}

export async function told(upload: Upload): Promise<unknown[]> {
  const { status, errorCode, errorContext } = await upload.close();
  return [status, errorCode, errorContext];
}

export async function expectArrival(upload: Upload): Promise<void> {
  const { bench, destination, bytes } = upload;
  for (let turn = 0; turn < 2; turn++) expect(await told(upload)).toEqual(TAKEN);
  expect((await bench.published(destination))?.equals(bytes)).toBe(true);
  expect(bench.commitsOf(destination)).toHaveLength(1);
}
