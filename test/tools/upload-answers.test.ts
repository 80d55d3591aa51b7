import { readFile } from "node:fs/promises";
import { createServer as createTlsServer } from "node:tls";
import { connect } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { freePort } from "../support/free-port.ts";
import { answer } from "../support/origin-behaviour.ts";
import { PROJECT } from "../support/bundle.ts";
import { lastOf, useUploadBench } from "./upload-bench.ts";

vi.setConfig({ testTimeout: 60_000 });

const MEBIBYTE = 1024 * 1024;
const bench = useUploadBench(
  [
    { path: "/uploads/" },
    { path: "/private/", authorize: "origin" },
    { path: "/small/", maximum_upload_bytes: 1000 },
    { path: "/off/", enabled: false },
    { path: "/reply/", notification: "by-value", notification_url: "/receive.ashx", reply: true },
  ],
  { MAXIMUM_FRAGMENT_BYTES: 300_000 },
);

describe("A whole upload", () => {
  test("of several files at a time, an empty one among them, goes to the folder that the URL names", async () => {
    const files = await Promise.all(
      [3 * MEBIBYTE, 0, 1, 70_000].map(async (size) => await bench().file(size)),
    );
    const end = await bench().run([...files.map(({ path }) => path), `${bench().edge.tcpUrl}/uploads/`]);
    expect(end, end.stderr).toMatchObject({ code: 0 });
    for (const { name, bytes } of files) await bench().expectArrived(`/uploads/${name}`, bytes);
  });

  test("at the HTTP door, where BITS_POST is not known, says POST by itself", async () => {
    const { path, name, bytes } = await bench().file(200_000);
    const end = await bench().run([path, `${bench().edge.httpUrl}/uploads/`]);
    expect(end, end.stderr).toMatchObject({ code: 0 });
    expect(lastOf(end, "uploaded")).toMatchObject({ verb: "POST" });
    await bench().expectArrived(`/uploads/${name}`, bytes);
  });

  test("but not where it was told to say BITS_POST: exit code 1, and doctor is named", async () => {
    const { path } = await bench().file(10);
    const end = await bench().run(["--verb", "BITS_POST", path, `${bench().edge.httpUrl}/uploads/`]);
    expect(end).toMatchObject({ code: 1 });
    expect(lastOf(end, "failed")?.["because"]).toMatch(/501 Not Implemented, not from a BITS server.*doctor/);
  });

  test("sends smaller Fragments after 413, and stays with them ([MC-BUP] 3.1.5.1.7)", async () => {
    const { path, name, bytes } = await bench().file(2 * MEBIBYTE);
    const end = await bench().run([path, `${bench().edge.tcpUrl}/uploads/`]);
    expect(end, end.stderr).toMatchObject({ code: 0 });
    // 128 KiB, 256 KiB, 512 KiB refused, then 256 KiB each.
    expect(lastOf(end, "uploaded")).toMatchObject({ fragments: 3 + Math.ceil((2048 - 384) / 256) });
    await bench().expectArrived(`/uploads/${name}`, bytes);
  });

  test("over TLS trusts the authority of --ca, and nobody without it", async () => {
    const { path, name, bytes } = await bench().file(50_000);
    const certificates = join(PROJECT, "test", "fixtures", "certificates");
    const [cert, key] = await Promise.all([
      readFile(join(certificates, "good.pem")),
      readFile(join(certificates, "key.pem")),
    ]);
    const front = createTlsServer({ cert, key }, (secure) => {
      const plain = connect({ host: "127.0.0.1", port: bench().edge.tcpPort });
      for (const socket of [secure, plain]) socket.on("error", () => socket.destroy());
      secure.on("close", () => plain.destroy());
      secure.pipe(plain).pipe(secure);
    });
    front.listen(0, "127.0.0.1");
    await once(front, "listening");
    const address = front.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    try {
      const url = `https://localhost:${port}/uploads/`;
      const distrusted = await bench().run([path, url]);
      expect(distrusted).toMatchObject({ code: 1 });
      expect(lastOf(distrusted, "failed")?.["because"]).toMatch(/certificate|chain/);
      const end = await bench().run(["--ca", join(certificates, "authority.pem"), path, url]);
      expect(end, JSON.stringify(end.events)).toMatchObject({ code: 0 });
      await bench().expectArrived(`/uploads/${name}`, bytes);
    } finally {
      front.close();
    }
  });
});

describe("What the application says", () => {
  test("507 with a code of its own passes: Close-Session is sent again, and the file arrives", async () => {
    const { path, name, bytes } = await bench().file(10_000);
    bench().origin.queue(answer(507, { "BITS-Error-Code": "0x80041234" }));
    const end = await bench().run([path, `${bench().edge.tcpUrl}/uploads/`]);
    expect(end, end.stderr).toMatchObject({ code: 0 });
    expect(lastOf(end, "waiting")?.["because"]).toMatch(/Close-Session.*507.*0x80041234.*application/);
    await bench().expectArrived(`/uploads/${name}`, bytes);
  });

  test("400 is final: exit code 1, and the next run asks again without sending a byte", async () => {
    const { path, name, bytes } = await bench().file(10_000);
    bench().origin.queue(answer(400));
    const url = `${bench().edge.tcpUrl}/uploads/`;
    const refused = await bench().run([path, url]);
    expect(refused).toMatchObject({ code: 1 });
    expect(lastOf(refused, "failed")?.["because"]).toMatch(/400 Bad Request, 0x80190190.*application/);
    const end = await bench().run([path, url]);
    expect(end, end.stderr).toMatchObject({ code: 0 });
    expect(lastOf(end, "uploaded")).toMatchObject({ sentBytes: 0 });
    await bench().expectArrived(`/uploads/${name}`, bytes);
  });
});

describe("What the edge refuses", () => {
  test.each([
    ["a directory that takes no uploads", "/off/", /501.*0x80070005/],
    ["an upload that is too large", "/small/", /500.*0x80200020.*larger/],
    ["a folder that is none", "/nowhere/", /501.*0x80070005/],
  ])("%s: exit code 1", async (_, directory, because) => {
    const { path } = await bench().file(2_000);
    const end = await bench().run([path, `${bench().edge.tcpUrl}${directory}`, "--give-up-after", "1"]);
    expect(lastOf(end, "failed")?.["because"]).toMatch(because);
  });

  test("a client without credentials: exit code 4; with them it is let in", async () => {
    const { path, name, bytes } = await bench().file(2_000);
    const url = `${bench().edge.tcpUrl}/private/`;
    const authorization = `Basic ${Buffer.from("ann:secret").toString("base64")}`;
    bench().behaveFor("/private/", (request) =>
      request.method === "HEAD" && request.headers["authorization"] !== authorization
        ? answer(401, { "WWW-Authenticate": 'Basic realm="uploads"' })
        : undefined,
    );
    const denied = await bench().run([path, url]);
    expect(denied).toMatchObject({ code: 4 });
    expect(lastOf(denied, "failed")?.["because"]).toContain("--user");
    const end = await bench().run(["--user", "ann", path, url], { BITS_EDGE_PASSWORD: "secret" });
    expect(end, JSON.stringify(end.events)).toMatchObject({ code: 0 });
    expect(end.stdout + end.stderr).not.toContain("secret");
    await bench().expectArrived(`/private/${name}`, bytes);
  });
});

describe("A reply", () => {
  test("is fetched before the session is closed, to the file that was named", async () => {
    const { path } = await bench().file(5_000);
    bench().origin.queue(answer(200, {}, "the application's words"));
    const reply = join(bench().folder, "answer.txt");
    const end = await bench().run(["--reply", reply, path, `${bench().edge.tcpUrl}/reply/`]);
    expect(end, JSON.stringify(end.events)).toMatchObject({ code: 0 });
    expect(await readFile(reply, "utf8")).toBe("the application's words");
    expect(lastOf(end, "reply")).toMatchObject({ bytes: 23 });
  });

  test("that was asked for and is not offered is an error ([MC-BUP] 3.1.5.2.4)", async () => {
    const { path } = await bench().file(5_000);
    const end = await bench().run(["--reply", "x.txt", path, `${bench().edge.tcpUrl}/uploads/`]);
    expect(end).toMatchObject({ code: 1 });
    expect(lastOf(end, "failed")?.["because"]).toContain("offers none");
  });
});

describe("A command line", () => {
  test("that reaches nobody gives up for now: exit code 3, and says how to go on", async () => {
    const { path } = await bench().file(10);
    const end = await bench().run([
      "--give-up-after",
      "1",
      path,
      `http://127.0.0.1:${await freePort()}/uploads/`,
    ]);
    expect(end).toMatchObject({ code: 3 });
    expect(lastOf(end, "failed")?.["because"]).toMatch(/nothing listens there.*same command goes on/);
  });

  test("that is wrong: exit code 2 and a sentence, no stack", async () => {
    const end = await bench().run(["--fats", "a.bin", "http://localhost/"]);
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toMatch(/unknown option '--fats'/);
    expect(end.stderr).not.toContain("    at ");
  });
});
