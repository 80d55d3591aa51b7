import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { answer } from "../support/origin-behaviour.ts";
import { useRig } from "../support/rig.ts";
import { HOSTINGS, SeatedRig } from "./seated-rig.ts";

const namesOf = (rows: readonly Record<string, unknown>[]) => rows.map(({ session }) => session);

describe.each(HOSTINGS)("What an operator sees (SESSION_OBJECTS = %d)", (objects) => {
  const rig = useRig(async () => SeatedRig.start(objects));

  test("a session's whole story: two attempts that failed, with what the application said, and one that did not", async () => {
    using upload = await rig().begin(3_000);
    await upload.send(0, 1_000);
    expect(await rig().session(upload.sessionName)).toMatchObject({
      state: "receiving",
      offset: 1_000,
      total: 3_000,
      directory: "/uploads/",
      client: "127.0.0.1",
      destination: upload.target,
      attempts: 0,
      lastOutcome: null,
      history: [{ event: "started" }],
      digest: null,
      idempotencyKey: null,
      lastAnswer: null,
      deeds: { commit: false, release: false, cancel: true, prolong: true },
      hasBytes: false,
    });
    await upload.send(1_000, 3_000);
    expect(await rig().session(upload.sessionName)).toMatchObject({
      state: "complete",
      deeds: { commit: true },
      hasBytes: true,
    });
    rig().origin.queue(answer(507, { "X-Secret": "s", "Retry-After": "7", Server: "IIS" }));
    await upload.close();
    await rig().origin.behaving({ kind: "reset", when: "before-body" }, async () => upload.close());
    expect(await rig().session(upload.sessionName)).toMatchObject({
      state: "failed",
      attempts: 2,
      lastAnswer: null,
    });
    await upload.close();
    const told = await rig().session(upload.sessionName);
    const key = rig().commitsOf(upload.target)[0]?.headers["idempotency-key"];
    expect(told).toMatchObject({
      state: "committed",
      attempts: 3,
      lastOutcome: "accepted",
      digest: expect.stringMatching(/^[\w+/]{43}=$/),
      idempotencyKey: key?.replaceAll('"', ""),
      lastAnswer: { status: 201 },
      deeds: { commit: false, release: false, cancel: false, prolong: false },
      hasBytes: false,
    });
    expect(told["history"]).toMatchObject([
      { event: "started" },
      { event: "completed", offset: 3_000 },
      { event: "commit-started", attempt: 1 },
      {
        event: "commit-ended",
        attempt: 1,
        outcome: "applicationRefused",
        originStatus: 507,
        status: 507,
        hresult: "0x801901FB",
        context: "0x7",
      },
      { event: "commit-started", attempt: 2 },
      {
        event: "commit-ended",
        attempt: 2,
        outcome: "originConnectionLost",
        status: 502,
        hresult: "0x80072EFE",
      },
      { event: "commit-started", attempt: 3 },
      { event: "commit-ended", attempt: 3, outcome: "accepted", originStatus: 201, status: 200 },
    ]);
    expect(JSON.stringify(told)).not.toContain("X-Secret");
  });

  test("an upload whose reply was fetched has all its attempts, and the list has its end as the session has", async () => {
    using upload = await rig().begin(1_000, "/reply/");
    rig().origin.queue(answer(507));
    await upload.send(0, 1_000);
    await upload.send(999, 1_000);
    const row = async () => (await rig().list()).find(({ session }) => session === upload.sessionName);
    const delivered = await rig().session(upload.sessionName);
    expect(delivered).toMatchObject({ state: "delivered", attempts: 2 });
    await eventually(async () => expect(await row()).toMatchObject({ state: "delivered", attempts: 2 }));
    await upload.close();
    const committed = await rig().session(upload.sessionName);
    expect(committed).toMatchObject({ state: "committed", attempts: 2, lastOutcome: "accepted" });
    const { until } = committed;
    await eventually(async () =>
      expect(await row()).toMatchObject({ state: "committed", attempts: 2, until }),
    );
  });

  test("the overview names a client that is refused again and again, and what for", async () => {
    using upload = await rig().begin(1_000);
    await upload.send(0, 100);
    for (let turn = 0; turn < 3; turn += 1) expect((await upload.send(500, 600)).status).toBe(416);
    const { json } = await rig().look("overview");
    expect(json?.["refused"]).toContainEqual({
      client: "127.0.0.1",
      fault: "offsetGap",
      count: 3,
      lastAt: expect.any(Number) as number,
    });
  });

  test("what the application's last answer says of an error, and nothing that may be a secret", async () => {
    using upload = await rig().beginWhole(100);
    rig().origin.queue(
      answer(507, { "X-Secret": "s".repeat(99), "Retry-After": "7", Server: "x".repeat(2_000) }),
    );
    await upload.close();
    const { lastAnswer } = (await rig().session(upload.sessionName)) as unknown as {
      lastAnswer: { status: number; fields: [string, string][] };
    };
    expect(lastAnswer.status).toBe(507);
    expect(new Map(lastAnswer.fields).get("Retry-After")).toBe("7");
    expect(new Map(lastAnswer.fields).get("Server")).toBe("x".repeat(120));
    expect(JSON.stringify(lastAnswer)).not.toContain("sss");
    expect(JSON.stringify(lastAnswer).length).toBeLessThan(1024);
  });

  test("the list, newest first, by state, directory, path and age, until it ends", async () => {
    const [one, other, third] = [
      await rig().begin(2_000, "/others/"),
      await rig().beginWhole(2_000, "/others/"),
      await rig().begin(2_000, "/others/"),
    ];
    await one.send(0, 10);
    await third.send(0, 10);
    const names = [third, other, one].map(({ sessionName }) => sessionName);
    const all = await eventually(async () => {
      const rows = await rig().list({ directory: "/others/" });
      expect(new Set(namesOf(rows))).toEqual(new Set(names));
      return rows;
    });
    const changes = all.map(({ changedAt }) => Number(changedAt));
    expect(changes).toEqual(changes.toSorted((first, second) => second - first));
    expect(namesOf(await rig().list({ directory: "/others/", limit: "1" }))).toEqual(namesOf(all));
    expect(namesOf(await rig().list({ directory: "/others/", state: "complete" }))).toEqual([
      other.sessionName,
    ]);
    expect(namesOf(await rig().list({ path: third.target.toUpperCase() }))).toEqual([third.sessionName]);
    expect(await rig().list({ path: "/others/file-9999" })).toEqual([]);
    expect(await rig().list({ directory: "/others/", client: "192.0.2.1" })).toEqual([]);
    expect(namesOf(await rig().list({ directory: "/others/", client: "127.0.0.1" }))).toEqual(namesOf(all));
    const before = { directory: "/others/", changedBefore: String(changes[1]) };
    expect(namesOf(await rig().list(before))).toEqual(
      namesOf(all.filter(({ changedAt }) => Number(changedAt) < Number(changes[1]))),
    );
  });

  test.each(["state=nowhere", "limit=0", "limit=1001", "cursor=x", "changedBefore=now"])(
    "%s is refused with a sentence",
    async (query) => {
      const said = await rig().look(`sessions?${query}`);
      expect(said).toMatchObject({
        status: 400,
        json: { error: expect.stringContaining(query.replace(/=.*/, "")) },
      });
    },
  );

  test.each(["A0FF5911-4144-45B3-BF27-27AFC8EC8A67", "x"])("no session %s", async (id) => {
    expect(await rig().look(`sessions/${id}`)).toMatchObject({
      status: 404,
      json: { error: expect.any(String) },
    });
    expect(await rig().act(id, "cancel")).toMatchObject({ status: 404 });
  });

  test("how the edge is: what stands where, what comes in, what became of uploads", async () => {
    const before = await rig().look("overview");
    using coming = await rig().begin(200_000);
    await coming.send(0, 120_000);
    using failed = await rig().beginWhole(500);
    rig().origin.queue(answer(503));
    await failed.close();
    using done = await rig().beginWhole(700);
    await done.close();
    const figure = (said: typeof before, ...path: (string | number)[]): number =>
      path.reduce<unknown>(
        (value, name) => (value as Record<string, unknown>)[name] ?? 0,
        said.json,
      ) as number;
    await eventually(async () => {
      const now = await rig().look("overview");
      const grown = (...path: (string | number)[]): number => figure(now, ...path) - figure(before, ...path);
      expect(grown("sessionsByState", "receiving")).toBe(1);
      expect(grown("sessionsByState", "failed")).toBe(1);
      expect(grown("sessionsByState", "committed")).toBe(1);
      expect(grown("failedLastHour")).toBe(1);
      expect(figure(now, "receiving", "sessions")).toBeGreaterThan(0);
      expect(figure(now, "receiving", "bytesPerSecond")).toBeGreaterThan(1_900);
      expect(figure(now, "oldestWaitingSince")).toBeLessThanOrEqual(Date.now());
      const hours = now.json?.["hours"] as { at: number; committed: number; bytes: number; failed: number }[];
      expect(hours).toHaveLength(24);
      const sum = (name: "committed" | "bytes" | "failed"): number =>
        hours.reduce((all, hour) => all + hour[name], 0);
      expect(sum("committed")).toBeGreaterThanOrEqual(1);
      expect(sum("bytes")).toBeGreaterThanOrEqual(700);
      expect(sum("failed")).toBeGreaterThanOrEqual(1);
    });
  });

  test("a session whose time is over is seen no more, in the list neither", async () => {
    using upload = await rig().begin(2_000, "/brief/");
    await upload.send(0, 10);
    await eventually(async () =>
      expect(namesOf(await rig().list({ directory: "/brief/" }))).toContain(upload.sessionName),
    );
    await rig().untilLogged("expired", upload);
    expect(await rig().look(`sessions/${upload.sessionName}`)).toMatchObject({ status: 404 });
    await eventually(async () => expect(await rig().list({ directory: "/brief/" })).toEqual([]));
  });
});
