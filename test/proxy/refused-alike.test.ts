import { describe, expect, test } from "vitest";
import { DOORS, useBench } from "./support.ts";

const bench = useBench();

/** Codings that nobody has taken off: the origin would store the bytes without their label (RFC 9112 6.1). */
const CODINGS = ["gzip, chunked", "chunked, chunked"];

describe.each(DOORS)(
  "What the runtime's own server lets in and the edge does not, over the %s door",
  (door) => {
    test("TRACE is a verb that the edge does not pass on: 501", async () => {
      const { status } = await bench().ask(door, ["TRACE /verbs HTTP/1.1", "Host: a", ""]);
      expect([status, bench().origin.to("/verbs")]).toEqual([501, []]);
    });

    test.each(CODINGS)("a body in the codings %s is refused: 400", async (codings) => {
      const { status } = await bench().ask(
        door,
        ["PUT /codings HTTP/1.1", "Host: a", `Transfer-Encoding: ${codings}`],
        "3\r\nabc\r\n0\r\n\r\n",
      );
      expect([status, bench().origin.to("/codings")]).toEqual([400, []]);
    });

    test("a target that would become part of the host is refused: 400", async () => {
      const before = bench().origin.requests.length;
      const { status } = await bench().ask(door, ["GET * HTTP/1.1", "Host: a", ""]);
      expect([status, bench().origin.requests.length]).toEqual([400, before]);
    });

    test("a fragment is refused, or cut off before the edge sees it", async () => {
      const { status } = await bench().ask(door, [`GET /fragment/${door}#b HTTP/1.1`, "Host: a", ""]);
      const lines = bench()
        .origin.to(`/fragment/${door}`)
        .map(({ line }) => line);
      const asked = door === "tcp" ? [400, []] : [200, [`GET /fragment/${door} HTTP/1.1`]];
      expect([status, lines]).toEqual(asked);
    });
  },
);
