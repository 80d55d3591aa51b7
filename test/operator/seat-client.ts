import type { Edge } from "../support/edge.ts";

/** 32 characters or more, as they must be. */
export const TOKEN = "the-token-of-an-operator-0123456789";
export const READ_TOKEN = "the-token-of-a-reader-0123456789abc";

/** What the seat says to a request. */
export interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Null if it is no JSON. */
  readonly json: Record<string, unknown> | null;
}

/** One request to the seat of an edge; a bearer of `token` unless it is null. */
export async function ask(
  edge: Pick<Edge, "httpUrl">,
  path: string,
  {
    token = TOKEN,
    headers = {},
    ...init
  }: Omit<RequestInit, "headers"> & { token?: string | null; headers?: Record<string, string> } = {},
): Promise<Said> {
  const response = await fetch(new URL(path, `${edge.httpUrl}/_bits/`), {
    redirect: "manual",
    ...init,
    headers: { ...(token === null ? {} : { Authorization: `Bearer ${token}` }), ...headers },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}
