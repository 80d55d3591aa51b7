import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAck, FORBIDDEN, ofApplication } from "../../conformance/expect-ack.ts";
import type { Upload } from "../../conformance/support.ts";
import { createSession } from "../../support/bits-client.ts";
import { eventually } from "../../support/eventually.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { EdgeBefore } from "./edge-before.ts";
import { startNginxDav } from "./nginx-dav.ts";
import { requirePrograms } from "./real-origin.ts";
import { SmallDisk } from "./small-disk.ts";
import { WEB_SERVERS } from "./web-servers.ts";

const DIRECTORIES = [
  { path: "/" },
  { path: "/guarded/" },
  { path: "/guarded-replacing/", allow_overwrites: true },
  { path: "/replacing/", allow_overwrites: true },
];

describe.each(WEB_SERVERS)('$name, as the origin of notification = "none"', (server) => {
  let there: EdgeBefore | undefined;
  const edge = (): EdgeBefore => {
    if (there === undefined) throw new Error("the edge is there from the first test on");
    return there;
  };

  beforeAll(async () => {
    await requirePrograms(server.programs, server.packages);
    there = await EdgeBefore.start(server.start, DIRECTORIES);
    for (const folder of ["/plain", "/replacing", "/denied", "/limited", "/guarded", "/deep"])
      await edge().origin.makeFolder(folder);
  });
  afterAll(async () => there?.stop());

  const found = async ({ target }: Upload): Promise<Buffer | undefined> =>
    await readFile(edge().origin.pathOf(target)).catch(() => undefined);

  async function expectThere(upload: Upload): Promise<void> {
    expect((await found(upload))?.equals(upload.bytes)).toBe(true);
  }

  it.each([0, 1, 65_536, 12_000_000])("takes a new file of %d bytes", async (size) => {
    using upload = await edge().beginWhole(`/plain/of-${size}.bin`, size);
    expectAck(await upload.close(), upload.done);
    await expectThere(upload);
  });

  it("replaces a file where the directory allows it: 204 is success, too (ruling 16)", async () => {
    for (const content of ["the first", "the second, which is longer", "3rd"]) {
      using upload = await edge().beginWhole("/replacing/file.txt", Buffer.from(content));
      expectAck(await upload.close(), upload.done);
      await expectThere(upload);
    }
  });

  it("has a file there when the session is created: 403 (ruling 13)", async () => {
    const path = edge().origin.pathOf("/plain/taken.txt");
    await writeFile(path, "was here first");
    using connection = await edge().open();
    expectAck(await createSession(connection, "/plain/taken.txt"), FORBIDDEN);
    expect(await readFile(path, "utf8")).toBe("was here first");
  });

  it("takes names that have to be written otherwise in a URL", async () => {
    const { escapedNames, cutsAtSemicolon } = server;
    for (const name of ["a%20file.txt", "100%25.txt", "%C3%BC%E2%82%AC.txt", "a+b,c;d=e&f.txt"]) {
      using upload = await edge().beginWhole(`/plain/${name}`, 100);
      const refusal = /%2[05]/.test(name) ? escapedNames : null;
      expectAck(await upload.close(), {
        ...(refusal === null ? {} : ofApplication(refusal)),
        ...upload.done,
      });
      if (refusal !== null) continue;
      const known = decodeURIComponent(cutsAtSemicolon ? name.replace(/;.*/, "") : name);
      const file = await readFile(edge().origin.pathOf(`/plain/${known}`));
      expect(file.equals(upload.bytes)).toBe(true);
    }
  });

  it("forbids it: 403 with 0x7, for good; nothing is there (ruling 17)", async () => {
    using upload = await edge().beginWhole("/denied/file.bin", 10_000);
    for (let turn = 0; turn < 2; turn++)
      expectAck(await upload.close(), { ...ofApplication(403), ...upload.done });
    expect(await found(upload)).toBeUndefined();
  });

  it("has no such folder: its error is told, and once there is one the upload goes through", async () => {
    using upload = await edge().beginWhole("/later/file.bin", 2_000_000);
    if (server.missingFolder !== null) {
      expectAck(await upload.close(), { ...ofApplication(server.missingFolder), ...upload.done });
      await edge().origin.makeFolder("/later");
    }
    expectAck(await upload.close(), upload.done);
    await expectThere(upload);
  });

  if (server.limit !== null) {
    it("takes no more than so much: its 413 is a 403 with 0x7, told before the body is read", async () => {
      for (const size of [110_000, 12_000_000]) {
        using upload = await edge().beginWhole(`/limited/${size}.bin`, size);
        expectAck(await upload.close(), { ...ofApplication(403, 413), ...upload.done });
        expect(await found(upload)).toBeUndefined();
      }
      using small = await edge().beginWhole("/limited/small.bin", 90_000);
      expectAck(await small.close(), small.done);
      await expectThere(small);
    });
  }

  const remains = server.keepsTorn ? "what came" : "nothing";
  it(`keeps ${remains} of a PUT that breaks off`, async () => {
    const { port } = edge().origin;
    using connection = await RawConnection.open("127.0.0.1", port);
    await connection.send(
      "PUT /plain/torn.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n",
    );
    await connection.send(Buffer.alloc(300_000, "x"));
    connection.halfClose();
    const path = edge().origin.pathOf("/plain/torn.bin");
    if (server.keepsTorn) return await eventually(async () => expect(await sizeOf(path)).toBe(300_000));
    await connection.readToEnd();
    expect(await sizeOf(path)).toBeUndefined();
  });

  it(`has a full disk: told with 0x7, ${remains} is there, and with room it goes through`, async () => {
    const folder = edge().origin.pathOf("/full");
    await mkdir(folder, { recursive: true });
    await using disk = await SmallDisk.mount(folder, "1m");
    using upload = await edge().beginWhole("/full/file.bin", 1_500_000);
    expectAck(await upload.close(), { ...ofApplication(server.full), ...upload.done });
    // A server's own temporary files may stay.
    const left = (await readdir(folder)).filter((name) => !name.startsWith(".") && !/^\d+$/.test(name));
    expect(left).toEqual(server.keepsTorn ? ["file.bin"] : []);
    await disk.grow("8m");
    if (server.full === 403)
      return void expectAck(await upload.close(), { ...ofApplication(403), ...upload.done });
    expectAck(await upload.close(), upload.done);
    await expectThere(upload);
  });

  it("gets a file in between: what the edge can do depends on If-None-Match", async () => {
    using upload = await edge().beginWhole("/plain/between.txt", 100);
    const path = edge().origin.pathOf(upload.target);
    await writeFile(path, "was here first");
    const ack = await upload.close();
    if (server.obeysIfNoneMatch) {
      expectAck(ack, { ...FORBIDDEN, ...upload.done });
      expect(await readFile(path, "utf8")).toBe("was here first");
    } else {
      // What came between is replaced. The edge has guarded the time before the upload.
      expectAck(ack, upload.done);
      await expectThere(upload);
    }
  });
});

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

describe("nginx that is told to look at If-None-Match (docs/origins.md)", () => {
  let edge: EdgeBefore | undefined;
  beforeAll(async () => {
    await requirePrograms({ nginx: ["-v"] }, "nginx-light");
    edge = await EdgeBefore.start(startNginxDav, DIRECTORIES);
    for (const folder of ["/guarded", "/guarded-replacing"]) await edge.origin.makeFolder(folder);
  });
  afterAll(async () => edge?.stop());

  it.each([100, 5_000_000])("keeps the file that came between: 403 (%d bytes)", async (size) => {
    if (edge === undefined) return expect.unreachable();
    using upload = await edge.beginWhole(`/guarded/between-${size}.txt`, size);
    const path = edge.origin.pathOf(upload.target);
    await writeFile(path, "was here first");
    expectAck(await upload.close(), { ...FORBIDDEN, ...upload.done });
    expect(await readFile(path, "utf8")).toBe("was here first");

    using other = await edge.beginWhole(`/guarded/new-${size}.txt`, size);
    expectAck(await other.close(), other.done);
    expect((await readFile(edge.origin.pathOf(other.target))).equals(other.bytes)).toBe(true);
  });

  it("makes folders where it is told to", async () => {
    if (edge === undefined) return expect.unreachable();
    using upload = await edge.beginWhole("/deep/er/and/deeper.bin", 1_000);
    expectAck(await upload.close(), upload.done);
    expect((await readFile(edge.origin.pathOf(upload.target))).equals(upload.bytes)).toBe(true);
  });
});
