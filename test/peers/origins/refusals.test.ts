import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EdgeBefore } from "./edge-before.ts";
import { startJetty } from "./jetty.ts";
import { startLighttpd } from "./lighttpd.ts";
import { startPython } from "./python.ts";
import { requirePrograms } from "./real-origin.ts";
import { startTomcat } from "./tomcat.ts";

const MEBIBYTE = 1024 * 1024;
/** A final refusal ends its session, so that each turn has its own. */
const SIZES = [
  { mebibytes: 3, turns: 10 },
  { mebibytes: 64, turns: 2 },
] as const;

const JAVA = { java: ["-version"] };
const SERVERS = [
  {
    name: "Tomcat",
    start: startTomcat,
    programs: JAVA,
    packages: "tomcat10",
    refusals: { "/files/": 405, "/guarded/": 401, "/denied/": 403 },
  },
  {
    name: "Jetty",
    start: startJetty,
    programs: JAVA,
    packages: "jetty9",
    refusals: { "/files/": 405, "/denied/": 403 },
  },
  {
    name: "lighttpd",
    start: startLighttpd,
    programs: { lighttpd: ["-v"] },
    packages: "lighttpd lighttpd-mod-webdav",
    refusals: { "/denied/": 403, "/limited/": 413 },
  },
  {
    name: "Python's HTTP server",
    start: startPython,
    programs: { python3: ["--version"] },
    packages: "python3",
    refusals: { "/files/": 501 },
  },
] as const;

/** Servers of other hands that refuse a PUT with its body unread, each in its own way (ruling 30, an early answer is heard). */
describe.each(SERVERS)("$name refuses, and is heard", ({ start, programs, packages, refusals }) => {
  let edge: EdgeBefore | undefined;
  beforeAll(async () => {
    await requirePrograms(programs, packages);
    const directories = Object.keys(refusals).map((path) => ({ path, allow_overwrites: true }));
    edge = await EdgeBefore.start(start, directories, { ORIGIN_CONNECTION: "socket" });
  });
  afterAll(async () => edge?.stop());

  it.each(
    Object.entries(refusals).flatMap(([directory, status]) =>
      SIZES.map(({ mebibytes, turns }) => ({ directory, status, mebibytes, turns })),
    ),
  )("$directory: $status, of $mebibytes MiB", async ({ directory, status, mebibytes, turns }) => {
    if (edge === undefined) return expect.unreachable();
    const codes = new Set<string>();
    for (let turn = 0; turn < turns; turn++) {
      using upload = await edge.beginWhole(`${directory}${mebibytes}-${turn}.bin`, mebibytes * MEBIBYTE);
      codes.add(((await upload.close()).errorCode ?? 0).toString(16));
    }
    expect([...codes]).toEqual([(0x80190000 + status).toString(16)]);
  });
});
