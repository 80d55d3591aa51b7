import { describe, expect, test } from "vitest";
import { DOORS, useBench } from "./support.ts";

const bench = useBench();

describe.each(DOORS)("A monitor, over the %s door", (door) => {
  test("HEAD of the health check is GET without the body", async () => {
    const got = await bench().ask(door, ["GET /healthz HTTP/1.1", "Host: a", ""]);
    const seen = await bench().ask(door, ["HEAD /healthz HTTP/1.1", "Host: a", ""]);
    expect([got.status, seen.status, seen.body.length]).toEqual([200, 200, 0]);
    expect(seen.header("Content-Type")).toBe(got.header("Content-Type"));
  });

  test.each(["//healthz", "/x/../healthz", "/%68ealthz", "/Healthz", "/healthz?x", "//ready"])(
    "the health check is the edge's in every spelling of its path (ruling 27, one canonical path): %s",
    async (target) => {
      const asked = bench()
        .origin.to("/")
        .filter(({ line }) => line.startsWith("GET")).length;
      const response = await bench().ask(door, [`GET ${target} HTTP/1.1`, "Host: a", ""]);
      expect(response.header("Content-Type")).toBe("application/json");
      expect(
        bench()
          .origin.to("/")
          .filter(({ line }) => line.startsWith("GET")),
      ).toHaveLength(asked);
    },
  );
});

describe("HTTP/1.0, as HAProxy's health check speaks it by default", () => {
  test.each([
    ["OPTIONS / HTTP/1.0", []],
    ["GET /healthz HTTP/1.0", []],
    ["HEAD /healthz HTTP/1.0", ["Host: a"]],
  ])("%s is answered at the TCP door, and the connection ends", async (line, fields) => {
    using connection = await bench().open("tcp");
    await connection.send([line, ...fields, "", ""].join("\r\n"));
    const answer = (await connection.readToEnd()).toString("latin1");
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
  });

  test("an answer of unknown length has no chunks, and ends with the connection", async () => {
    bench().origin.answer = () =>
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    using connection = await bench().open("tcp");
    await connection.send("GET /chunks HTTP/1.0\r\nHost: a\r\n\r\n");
    const answer = (await connection.readToEnd()).toString("latin1");
    expect(answer).not.toMatch(/Transfer-Encoding/i);
    expect(answer).toMatch(/\r\n\r\nabcde$/);
  });
});
