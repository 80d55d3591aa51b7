import type { ChildProgram } from "./child-program.ts";

/** What either flavour needs to start once. */
export interface EdgeSetup {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly storage: string;
  /** For generated configuration. */
  readonly folder: string;
  readonly main: string | undefined;
  readonly experiments: readonly string[];
  readonly trustedCertificate: string | undefined;
  readonly outbound: "network" | "fetch-only" | "nothing";
  readonly privateOrigin: string | undefined;
  readonly accessField: string | undefined;
  readonly httpPort: number | undefined;
  readonly tcpPort: number | undefined;
}

/** A started program and the ports on which it really listens. */
export interface StartedEdge {
  readonly program: ChildProgram;
  readonly httpPort: number;
  readonly tcpPort: number;
}
