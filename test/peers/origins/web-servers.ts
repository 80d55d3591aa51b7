import type { ChildProgram } from "../../support/child-program.ts";
import { startApache } from "./apache.ts";
import { startJetty } from "./jetty.ts";
import { startLighttpd } from "./lighttpd.ts";
import { startNginxDav } from "./nginx-dav.ts";
import type { OriginSetup } from "./real-origin.ts";
import { startTomcat } from "./tomcat.ts";

/** A server that publishes what is PUT, and what it does where such servers differ. docs/origins.md has it as a table. */
export interface WebServer {
  readonly name: string;
  readonly start: (setup: OriginSetup) => Promise<ChildProgram[]>;
  /** How each of its programs is asked whether it is there. */
  readonly programs: Readonly<Record<string, readonly string[]>>;
  /** Debian's. */
  readonly packages: string;
  /** Its status where the folder is missing; null where it makes the folder. */
  readonly missingFolder: number | null;
  /** Its status where the disk is full; 403 ends the upload (ruling 17). */
  readonly full: number;
  /** Its status for a body over a limit that was set for `/limited/`; null where there is no such setting. */
  readonly limit: number | null;
  /** Whether `If-None-Match: *` keeps it from replacing a file. */
  readonly obeysIfNoneMatch: boolean;
  /** Whether a PUT that breaks off leaves what came of it. */
  readonly keepsTorn: boolean;
  /** Its status for names with an escaped space or percent sign; null where they are names as any. */
  readonly escapedNames: number | null;
  /** Whether `;` begins a parameter of the path, as servlets have it, and is no part of a name. */
  readonly cutsAtSemicolon: boolean;
}

const ORDINARY = {
  missingFolder: 409,
  limit: 413,
  obeysIfNoneMatch: true,
  keepsTorn: false,
  escapedNames: null,
  cutsAtSemicolon: false,
} as const;

export const WEB_SERVERS: readonly WebServer[] = [
  {
    ...ORDINARY,
    name: "Apache with mod_dav",
    start: startApache,
    programs: { apache2: ["-v"] },
    packages: "apache2",
    full: 507,
  },
  {
    ...ORDINARY,
    name: "nginx with its dav module",
    start: startNginxDav,
    programs: { nginx: ["-v"] },
    packages: "nginx-light",
    missingFolder: 500,
    full: 500,
    obeysIfNoneMatch: false,
  },
  {
    ...ORDINARY,
    name: "lighttpd with mod_webdav",
    start: startLighttpd,
    programs: { lighttpd: ["-v"] },
    packages: "lighttpd lighttpd-mod-webdav",
    full: 500,
  },
  {
    ...ORDINARY,
    name: "Tomcat's DefaultServlet",
    start: startTomcat,
    programs: { java: ["-version"] },
    packages: "tomcat10",
    full: 409,
    limit: null,
    keepsTorn: true,
    cutsAtSemicolon: true,
  },
  {
    ...ORDINARY,
    name: "Jetty's PutFilter",
    start: startJetty,
    programs: { java: ["-version"] },
    packages: "jetty9",
    missingFolder: null,
    full: 403,
    limit: null,
    obeysIfNoneMatch: false,
    escapedNames: 500,
    cutsAtSemicolon: true,
  },
];
