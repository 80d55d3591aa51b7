import { describe, expect, test } from "vitest";
import { runCommand } from "../tools/command-line.ts";
import { eventually } from "../support/eventually.ts";
import { answer } from "../support/origin-behaviour.ts";
import { useRig } from "../support/rig.ts";
import type { Upload } from "../support/upload.ts";
import { ask, READ_TOKEN, TOKEN } from "./seat-client.ts";
import { HOSTINGS, SeatedRig } from "./seated-rig.ts";

describe.each(HOSTINGS)("What an operator does (SESSION_OBJECTS = %d)", (objects) => {
  const rig = useRig(async () => SeatedRig.start(objects));

  /** An upload of which nobody knows whether the application has it. */
  async function beginHeld(directory = "/hold/"): Promise<Upload<SeatedRig>> {
    const upload = await rig().begin(2_000, directory);
    rig().origin.queue({ kind: "close" });
    await upload.send(0, 2_000);
    if (directory === "/hold/") await upload.close();
    expect(await rig().session(upload.sessionName)).toMatchObject({
      state: "held",
      deeds: { release: true },
    });
    return upload;
  }

  const keysOf = ({ target }: Upload) =>
    rig()
      .commitsOf(target)
      .map(({ headers }) => headers["idempotency-key"]);

  test("an upload is committed before its client closes it, once, and the client is told so", async () => {
    using upload = await rig().beginWhole(1_000);
    const done = await rig().act(upload.sessionName, "commit");
    expect(done).toMatchObject({ status: 200, json: { state: "committed", attempts: 1 } });
    await rig().expectPublished(upload.target, upload.bytes);
    expect((await upload.close()).status).toBe(200);
    expect(await rig().act(upload.sessionName, "commit")).toMatchObject({
      status: 200,
      json: { state: "committed" },
    });
    expect(rig().commitsOf(upload.target)).toHaveLength(1);
  });

  test("a commit that takes long is joined, and not begun again", async () => {
    using upload = await rig().beginWhole(1_000);
    rig().origin.queue({ kind: "delay", milliseconds: 1_500 });
    const all = await Promise.all([1, 2, 3].map(async () => await rig().act(upload.sessionName, "commit")));
    for (const one of all) expect(one).toMatchObject({ status: 200, json: { state: "committed" } });
    expect(rig().commitsOf(upload.target)).toHaveLength(1);
  });

  test("a held upload that the application has is committed by the operator's word, and nothing is sent", async () => {
    using upload = await beginHeld();
    expect(await rig().act(upload.sessionName, "commit")).toMatchObject({
      status: 409,
      json: { error: expect.stringContaining("release") },
    });
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await rig().act(upload.sessionName, "release", "has-it")).toMatchObject({
        status: 200,
        json: { state: "committed", lastOutcome: "accepted", hasBytes: false },
      });
    }
    expect(rig().commitsOf(upload.target)).toHaveLength(1);
    expect((await upload.close()).status).toBe(200);
    expect(await rig().act(upload.sessionName, "release", "has-it-not")).toMatchObject({ status: 409 });
    const { history } = (await rig().session(upload.sessionName)) as { history: Record<string, unknown>[] };
    expect(history).toContainEqual(
      expect.objectContaining({ event: "operator-deed", outcome: "has-it", by: "token" }),
    );
  });

  test("one that it has not is sent again, with the same key", async () => {
    using upload = await beginHeld();
    expect(await rig().act(upload.sessionName, "release", "has-it-not")).toMatchObject({
      status: 200,
      json: { state: "committed", attempts: 2 },
    });
    const [first, second, ...others] = keysOf(upload);
    expect(second).toBe(first);
    expect(others).toEqual([]);
    expect((await upload.close()).status).toBe(200);
    expect(keysOf(upload)).toHaveLength(2);
  });

  test("where the application was to reply, and its reply is lost, the client is told of none", async () => {
    using upload = await beginHeld("/reply/");
    await rig().act(upload.sessionName, "release", "has-it");
    const ack = await upload.send(1_999, 2_000);
    expect(ack).toMatchObject({ status: 200 });
    expect(JSON.stringify(ack)).not.toMatch(/reply-url/i);
    expect((await upload.close()).status).toBe(200);
  });

  test.each([undefined, "", "maybe"])(
    "a release does nothing that says %j of the application",
    async (application) => {
      using upload = await beginHeld();
      expect(await rig().act(upload.sessionName, "release", application)).toMatchObject({ status: 400 });
      expect(await rig().session(upload.sessionName)).toMatchObject({ state: "held", attempts: 1 });
    },
  );

  test("a cancelled session is gone to its client, and stays so", async () => {
    using upload = await rig().begin(1_000);
    await upload.send(0, 500);
    for (let turn = 0; turn < 2; turn += 1)
      expect(await rig().act(upload.sessionName, "cancel")).toMatchObject({
        status: 200,
        json: { state: "cancelled" },
      });
    expect(await upload.send(500, 1_000)).toMatchObject({ status: 500 });
    expect(await rig().act(upload.sessionName, "commit")).toMatchObject({ status: 409 });
  });

  test("a prolonged session lives for its whole time again", async () => {
    using upload = await rig().begin(1_000, "/brief/");
    await upload.send(0, 500);
    const before = Number((await rig().session(upload.sessionName))["until"]);
    await eventually(async () => {
      const { json } = await rig().act(upload.sessionName, "prolong");
      expect(Number(json?.["until"])).toBeGreaterThan(before + 1_000);
    });
    await rig().untilLogged("expired", upload);
    expect(Date.now()).toBeGreaterThan(before + 1_000);
  });

  test("who looks at a session does not prolong it", async () => {
    using upload = await rig().begin(1_000);
    await upload.send(0, 500);
    const [first, second] = [
      await rig().session(upload.sessionName),
      await rig().session(upload.sessionName),
    ];
    expect(second["until"]).toBe(first["until"]);
  });

  test("an upload whose origin is gone is fetched by a link, which is good for an hour and for nobody's write", async () => {
    using upload = await rig().beginWhole(100_000);
    expect(await rig().act(upload.sessionName, "rescue")).toMatchObject({ status: 200 });
    const { json } = await rig().act(upload.sessionName, "rescue");
    const url = String(json?.["url"]);
    expect(url.startsWith(`${rig().edge.httpUrl}/uploads/BITS-Sessions/Requests/`)).toBe(true);
    const fetched = await fetch(url);
    expect(Buffer.from(await fetched.arrayBuffer()).equals(upload.bytes)).toBe(true);
    const expires = Number.parseInt(/\/([0-9a-f]+)-[0-9a-f]{32}\//.exec(url)?.[1] ?? "", 16) * 1_000;
    expect(Math.abs(expires - Date.now() - 3_600_000)).toBeLessThan(120_000);
    const forged = url.replace(/-[0-9a-f]{32}\//, `-${"0".repeat(32)}/`);
    expect((await fetch(forged)).status).toBe(403);
    await upload.close();
    expect((await fetch(url)).status).toBe(404);
    expect(await rig().act(upload.sessionName, "rescue")).toMatchObject({ status: 404 });
  });

  test("each deed is in the log, with who did it, and no link", async () => {
    using upload = await rig().beginWhole(100);
    const { json } = await rig().act(upload.sessionName, "rescue");
    await rig().act(upload.sessionName, "prolong");
    await rig().act(upload.sessionName, "cancel");
    const deedsLogged = () =>
      rig()
        .edge.logs.map((line) => line.json as Record<string, unknown> | undefined)
        .filter((line) => line?.["event"] === "operator-deed" && line["session"] === upload.sessionName);
    await eventually(() => expect(deedsLogged()).toHaveLength(3));
    const deeds = deedsLogged();
    expect(deeds.map((line) => [line?.["deed"], line?.["by"], line?.["result"]])).toEqual([
      ["rescue", "token", "done"],
      ["prolong", "token", "done"],
      ["cancel", "token", "done"],
    ]);
    expect(JSON.stringify(deeds)).not.toContain(String(json?.["url"]).slice(-60));
  });

  test("who may look and not act gets no link", async () => {
    using upload = await rig().beginWhole(100);
    const path = `sessions/${upload.sessionName}/rescue`;
    expect(await ask(rig().edge, path, { method: "POST", token: READ_TOKEN })).toMatchObject({ status: 403 });
  });

  test("bits-edge does the same from the command line", async () => {
    using held = await beginHeld();
    using failed = await rig().beginWhole(100, "/others/");
    rig().origin.queue(answer(507));
    await failed.close();
    const env = { BITS_EDGE_URL: rig().edge.httpUrl, BITS_EDGE_TOKEN: TOKEN, NO_COLOR: "1" };
    const run = async (...args: string[]) => await runCommand(args, { env });
    const list = await eventually(async () => {
      const end = await run("sessions", "--state", "held", "--all", "--json");
      expect(end.events.map(({ session }) => session)).toContain(held.sessionName);
      return end;
    });
    expect(list, list.stderr).toMatchObject({ code: 0 });
    const table = await run("sessions", "--directory", "/others/");
    expect(table.stdout).toMatch(new RegExp(`${failed.sessionName} +failed +100 % of 100 B +1 `));
    const one = await run("session", held.sessionId);
    expect(one, one.stderr).toMatchObject({ code: 0 });
    expect(one.stdout).toMatch(/state +held\n/);
    expect(await run("commit", held.sessionId)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("look there, then release it"),
    });
    expect(await run("release", held.sessionId, "--application", "has-it")).toMatchObject({ code: 0 });
    expect(await run("cancel", failed.sessionId)).toMatchObject({ code: 0 });
    expect(await rig().session(held.sessionName)).toMatchObject({ state: "committed" });
    expect(await rig().session(failed.sessionName)).toMatchObject({ state: "cancelled" });
  });
});
