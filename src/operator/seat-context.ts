import type { Context } from "hono";
import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { Sender } from "../proxy/sender.ts";
import type { Operator } from "./seat.ts";

/** What every route of the seat knows of a request. */
interface SeatVariables {
  readonly config: Config;
  /** The client, seen through the trusted gateways. */
  readonly sender: Sender;
  /** The operator who asks: nobody else reaches the routes behind `admit`. */
  readonly operator: Operator;
}

/** The Hono environment of the seat. */
export interface SeatEnv {
  Bindings: Env;
  Variables: SeatVariables;
}

export type SeatContext = Context<SeatEnv>;

/** A refusal as both a person and a program read it. */
export function refuse(
  context: SeatContext,
  status: 400 | 401 | 403 | 404 | 409 | 429 | 501,
  error: string,
): Response {
  return context.json({ error }, status);
}
