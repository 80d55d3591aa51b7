import { describe, expect, it } from "vitest";
import { DONE, FRAGMENT, FRAGMENTS, SIZE, told, useBitsBench, WHOLE } from "./bits-bench.ts";
import type { BitsOrigin, OriginPacket } from "./bits-origin.ts";

const bench = useBitsBench();

describe('handover = "bits": the edge is a client of the BITS server at the origin', () => {
  it("sends all of it at Close-Session, over one connection, and says who it is", async () => {
    const upload = await bench().begin("/close/");
    const { connections } = bench().origin;
    expect(told(await upload.close())).toEqual(DONE);
    bench().expectPublished(upload);
    const [create, ...others] = bench().origin.packets;
    expect(create?.target).toBe(upload.target);
    expect(create?.headers).toMatchObject({
      authorization: "Basic ZWRnZTplZGdl",
      "bits-supported-protocols": "{7df0354d-249b-430f-820d-3d2a9bef4931}",
      "content-length": "0",
      via: "1.1 bits-edge",
      "x-forwarded-for": "127.0.0.1",
    });
    expect(others.at(0)?.headers["content-range"]).toBe(`bytes 0-${FRAGMENT - 1}/${SIZE}`);
    expect(new Set(others.map(({ headers }) => headers["authorization"])).size).toBe(1);
    expect(bench().origin.takeTypes()).toEqual(WHOLE);
    expect(bench().origin.connections - connections).toBe(1);
    // … and never again.
    expect(told(await upload.close())).toEqual(DONE);
    expect(bench().origin.packets).toEqual([]);
  });

  it("sends the Fragments when the last one comes, and closes when the client closes", async () => {
    const upload = await bench().create("/last/");
    expect(told(await upload.send())).toEqual(DONE);
    expect(bench().origin.takeTypes()).toEqual(["Create-Session", ...FRAGMENTS]);
    expect(bench().origin.files.has(upload.target)).toBe(false);
    expect(told(await upload.close())).toEqual(DONE);
    expect(bench().origin.takeTypes()).toEqual(["Close-Session"]);
    bench().expectPublished(upload);
  });

  it.each([0, 1, FRAGMENT, FRAGMENT + 1])("takes uploads of %d bytes", async (size) => {
    const upload = await bench().begin("/close/", size);
    if (size === 0) bench().origin.instead = emptyTaken;
    expect(told(await upload.close())).toEqual(DONE);
    if (size > 0) bench().expectPublished(upload);
    expect(
      bench()
        .origin.takeTypes()
        .filter((type) => type === "Fragment"),
    ).toHaveLength(Math.max(1, Math.ceil(size / FRAGMENT)));
  });

  it.each([
    ["absolute", () => `${bench().origin.url}/replies/1.bin?a=b`],
    ["relative", () => "/replies/1.bin?a=b"],
  ])("maps a BITS-Reply-URL that is %s to the edge", async (_what, url) => {
    const upload = await bench().create("/last/");
    bench().origin.more = ({ headers }) =>
      headers["content-range"]?.includes(`${SIZE - 1}/`) ? { "BITS-Reply-URL": url() } : {};
    const ack = await upload.send();
    expect(ack.replyUrl).toBe(`${bench().edge.tcpUrl}/replies/1.bin?a=b`);
    expect(told(await upload.close())).toEqual(DONE);
  });

  it("takes lower-case fields, and a connection for each packet", async () => {
    bench().origin.spell = (name) => name.toLowerCase();
    bench().origin.closesAfterEach = true;
    const upload = await bench().begin("/close/");
    expect(told(await upload.close())).toEqual(DONE);
    bench().expectPublished(upload);
  });

  it("reads past what an origin sends with an error, and keeps the connection", async () => {
    const upload = await bench().begin("/close/");
    bench().onceAt("Fragment", 3, { status: 500, headers: { "Content-Type": "text/html" } });
    expect(told(await upload.close())).toEqual([500, 0x801901f4, 0x5]);
    expect(told(await upload.close())).toEqual(DONE);
    bench().expectPublished(upload);
  });
});

const emptyTaken = ({ type }: OriginPacket): ReturnType<BitsOrigin["instead"]> =>
  type === "Fragment" ? { status: 200, headers: { "BITS-Received-Content-Range": "0" } } : undefined;

describe("What the origin's Acks say is what the client hears", () => {
  it.each([
    [
      { status: 500, headers: { "BITS-Error-Code": "0x80041234", "BITS-Error-Context": "0x7" } },
      [500, 0x80041234, 0x7],
    ],
    [
      { status: 403, headers: { "BITS-Error-Code": "0x80070005", "BITS-Error-Context": "0x5" } },
      [403, 0x80070005, 0x5],
    ],
    [{ status: 507, headers: { "BITS-Error": "0x80070070" } }, [507, 0x80070070, 0x5]],
    [{ status: 501 }, [500, 0x801901f5, 0x5]],
    [{ status: 404 }, [404, 0x80190194, 0x5]],
    [{ status: 302, headers: { Location: "/elsewhere" } }, [502, 0x8019012e, 0x5]],
  ])("%j", async (said, heard) => {
    for (const type of ["Create-Session", "Fragment", "Close-Session"]) {
      const upload = await bench().begin("/close/");
      bench().onceAt(type, 1, said);
      expect(told(await upload.close())).toEqual(heard);
      if (heard[0] === 403) continue;
      expect(told(await upload.close())).toEqual(DONE);
      bench().expectPublished(upload);
    }
  });

  it("a broken way to the origin is the edge's", async () => {
    const upload = await bench().begin("/close/");
    bench().origin.instead = () => "reset";
    expect(told(await upload.close())).toEqual([502, 0x80072efe, 0x5]);
  });

  it("200 without a session is no BITS server", async () => {
    const upload = await bench().begin("/close/");
    bench().onceAt("Create-Session", 1, { status: 200 });
    expect(told(await upload.close())).toEqual([500, 0x801901f5, 0x5]);
  });
});
