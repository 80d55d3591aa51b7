import { startHaproxy } from "./haproxy.ts";
import { startNginx } from "./nginx.ts";
import type { StartProgram } from "./gateway.ts";

/** The gateways for which this project ships a file. */
export const PEERS: readonly (readonly [name: string, start: StartProgram])[] = [
  ["nginx", startNginx],
  ["haproxy", startHaproxy],
];
