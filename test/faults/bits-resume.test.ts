import { describe, expect, it } from "vitest";
import { DONE, told, useBitsBench } from "./bits-bench.ts";
import { eventually } from "../support/eventually.ts";

const bench = useBitsBench();

describe("A hand-over goes on where the origin stands", () => {
  it.each(["take and reset", "reset"] as const)(
    "after a connection that broke inside the Fragments (%s)",
    async (fault) => {
      const upload = await bench().begin("/close/");
      bench().onceAt("Fragment", 5, fault);
      expect(told(await upload.close())).toEqual(DONE);
      bench().expectPublished(upload);
      const types = bench().origin.takeTypes();
      expect(types.filter((type) => type === "Create-Session")).toHaveLength(1);
    },
  );

  it("where the origin is down for a while: not from the start, and nothing is unknown", async () => {
    const upload = await bench().begin("/hold/");
    let seen = 0;
    bench().origin.instead = ({ type }) => (type === "Fragment" && ++seen > 4 ? "reset" : undefined);
    expect(told(await upload.close())).toEqual([502, 0x80072efe, 0x5]);
    bench().origin.reset();
    expect(told(await upload.close())).toEqual(DONE);
    bench().expectPublished(upload);
    const [first] = bench().origin.packets;
    expect(first?.type).toBe("Fragment");
    expect(first?.headers["content-range"]).toMatch(/^bytes 400000-/);
  });

  it("after a crash of the edge", async () => {
    const upload = await bench().begin("/close/");
    let seen = 0;
    const reached = Promise.withResolvers<void>();
    bench().origin.instead = ({ type }) => {
      if (type !== "Fragment" || ++seen < 6) return undefined;
      reached.resolve();
      return "reset";
    };
    const closing = upload.close().catch(() => undefined);
    await reached.promise;
    await bench().edge.kill();
    await closing;
    bench().origin.reset();
    await bench().edge.restart();
    expect(told(await upload.close())).toEqual(DONE);
    bench().expectPublished(upload);
    expect(bench().origin.takeTypes()).not.toContain("Create-Session");
  });

  it.each([
    [500_000, "ahead"],
    [200_000, "behind"],
  ])("where it says 416 with its offset (%d, %s)", async (offset) => {
    const upload = await bench().begin("/close/");
    let isSaid = false;
    const firsts: string[] = [];
    bench().origin.instead = ({ type, headers }) => {
      if (type !== "Fragment") return undefined;
      const [first = ""] = /\d+/.exec(headers["content-range"] ?? "") ?? [];
      firsts.push(first);
      if (Number(first) < 300_000 || isSaid) return isSaid ? { status: 200 } : undefined;
      isSaid = true;
      return { status: 416, headers: { "BITS-Received-Content-Range": String(offset) } };
    };
    expect(told(await upload.close())).toEqual(DONE);
    expect(firsts.slice(0, 5)).toEqual(["0", "100000", "200000", "300000", String(offset)]);
  });

  it("does not believe an origin that has the last byte before it was sent", async () => {
    const upload = await bench().begin("/close/");
    const all = { "BITS-Received-Content-Range": "1000000" };
    bench().onceAt("Fragment", 3, { status: 416, headers: all });
    expect(told(await upload.close())).toEqual([502, 0x801901f6, 0x5]);
    expect(bench().origin.takeTypes()).not.toContain("Close-Session");
  });

  it("does not go in circles with an origin that stays where it is", async () => {
    const upload = await bench().begin("/close/");
    bench().origin.instead = ({ type }) =>
      type === "Fragment" ? { status: 416, headers: { "BITS-Received-Content-Range": "0" } } : undefined;
    expect((await upload.close()).status).toBe(502);
    expect(bench().origin.packets.length).toBeLessThan(10);
  });

  it("from the start where the origin has forgotten the session, and says so in the log", async () => {
    const upload = await bench().begin("/close/");
    let seen = 0;
    bench().origin.instead = ({ type }) => {
      if (type === "Fragment" && ++seen === 4) bench().origin.forget();
      return undefined;
    };
    expect(told(await upload.close())).toEqual(DONE);
    bench().expectPublished(upload);
    expect(
      bench()
        .origin.takeTypes()
        .filter((type) => type === "Create-Session"),
    ).toHaveLength(2);
    await eventually(() =>
      expect(bench().edge.logs.some(({ text }) => text.includes("origin-session-lost"))).toBe(true),
    );
  });

  it("a few times, and not for ever, with an origin that forgets each session", async () => {
    const upload = await bench().begin("/close/");
    bench().origin.instead = ({ type }) => {
      if (type === "Fragment") bench().origin.forget();
      return undefined;
    };
    expect((await upload.close()).status).toBe(502);
    expect(
      bench()
        .origin.takeTypes()
        .filter((type) => type === "Create-Session"),
    ).toHaveLength(4);
  });

  it("halves its Fragments on 413, to the end of the upload", async () => {
    const upload = await bench().begin("/close/");
    bench().origin.instead = ({ body }) => (body.length > 30_000 ? { status: 413 } : undefined);
    expect(told(await upload.close())).toEqual(DONE);
    bench().expectPublished(upload);
    const taken = bench().origin.packets.filter(
      ({ type, body }) => type === "Fragment" && body.length <= 30_000,
    );
    expect(new Set(taken.slice(0, -1).map(({ body }) => body.length))).toEqual(new Set([25_000]));
  });

  it("ends where the origin takes no Fragment of any size: 413 is final, and no word of the protocol (ruling 16, statuses of the application)", async () => {
    const upload = await bench().begin("/close/");
    bench().origin.instead = ({ type }) => (type === "Fragment" ? { status: 413 } : undefined);
    expect(told(await upload.close())).toEqual([403, 0x8019019d, 0x5]);
  });
});
