import type { OperatorSettings } from "../config/operator-settings.ts";
import type { Operator } from "./seat.ts";

/** A secret that makes somebody an operator. */
export interface Pass {
  readonly operator: Operator;
  readonly secret: string;
}

/** The tokens that are configured. */
export function passesOf({ token, readToken }: OperatorSettings): Pass[] {
  return [
    ...(token === null ? [] : [{ operator: { name: "token", mayAct: true }, secret: token }]),
    ...(readToken === null
      ? []
      : [{ operator: { name: "read-only token", mayAct: false }, secret: readToken }]),
  ];
}

/**
 * The holder of the token `said`; null if it is nobody's token. It compares digests, and always with all tokens, so that
 * the time tells nothing: no letter of a token, no length, and not which token it was.
 */
export async function passFor(said: string, passes: readonly Pass[]): Promise<Pass | null> {
  const given = await digestOf(said);
  let found: Pass | null = null;
  for (const pass of passes) {
    if (crypto.subtle.timingSafeEqual(given, await digestOf(pass.secret))) found = pass;
  }
  return found;
}

async function digestOf(text: string): Promise<ArrayBuffer> {
  return await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
