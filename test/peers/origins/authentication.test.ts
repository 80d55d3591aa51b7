import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CREATED, expectAck, ofApplication } from "../../conformance/expect-ack.ts";
import { uploadOf, valuesOf, withoutHeaders } from "../../reply/support.ts";
import { createSession } from "../../support/bits-client.ts";
import type { ChildProgram } from "../../support/child-program.ts";
import { EdgeBefore } from "./edge-before.ts";
import { startNginx } from "./nginx-dav.ts";
import { type OriginSetup, requirePrograms } from "./real-origin.ts";

const basic = (user: string): string => `Basic ${Buffer.from(user).toString("base64")}`;
const EDGE = basic("edge:its own password");
const ALICE = basic("alice:her password");

/** nginx that lets nobody in without a password. */
async function startGuarded(setup: OriginSetup): Promise<ChildProgram[]> {
  const passwords = join(setup.folder, "passwords");
  await writeFile(passwords, "edge:{PLAIN}its own password\nalice:{PLAIN}her password\n");
  const server = `root ${setup.files}; dav_methods PUT; client_max_body_size 0;
    location /files/ { auth_basic "the origin"; auth_basic_user_file ${passwords}; }
    location /open/ { auth_basic "the origin"; auth_basic_user_file ${passwords}; }
    location = /may-upload { auth_basic "the origin"; auth_basic_user_file ${passwords}; }`;
  return [await startNginx(setup, server)];
}

const DIRECTORIES = [
  { path: "/files/", authorize: "origin" },
  { path: "/open/", authorize: "origin", authorize_url: "/may-upload" },
] as const;

let edge: EdgeBefore | undefined;
let stranger: EdgeBefore | undefined;
beforeAll(async () => {
  await requirePrograms({ nginx: ["-v"] }, "nginx-light");
  edge = await EdgeBefore.start(startGuarded, DIRECTORIES, { ORIGIN_AUTHORIZATION: EDGE });
  stranger = await EdgeBefore.start(startGuarded, [{ path: "/files/" }]);
  await edge.origin.makeFolder("/files");
  await edge.origin.makeFolder("/open");
  await writeFile(edge.origin.pathOf("/may-upload"), "yes");
});
afterAll(async () => {
  await Promise.all([edge?.stop(), stranger?.stop()]);
});

it.each(["/files/", "/open/"])(
  "%s: nginx's challenge reaches the client, whose answer lets it upload; the edge commits by its own name",
  async (directory) => {
    if (edge === undefined) return expect.unreachable();
    const target = `${directory}file.bin`;
    using connection = await edge.open();
    for (const headers of [{}, { Authorization: basic("alice:guessed") }]) {
      const challenged = await createSession(connection, target, { headers });
      expect(valuesOf(challenged, "WWW-Authenticate")).toEqual(['Basic realm="the origin"']);
      expectAck(withoutHeaders(challenged, "WWW-Authenticate"), { status: 401 });
    }
    const headers = { Authorization: ALICE };
    const ack = await createSession(connection, target, { headers });
    expectAck(ack, CREATED);
    const upload = uploadOf({ ack, target, bytes: Buffer.from("hers") }, connection);
    expectAck(await upload.send(), { sessionId: upload.sessionId, offset: 4 });
    expectAck(await upload.close(), upload.done);
    expect(await readFile(edge.origin.pathOf(target), "utf8")).toBe("hers");
  },
);

it("an edge without a password: nginx's 401 is 403 to the client, for good (rulings 16 and 17)", async () => {
  if (stranger === undefined) return expect.unreachable();
  using upload = await stranger.beginWhole("/files/file.bin", 3_000_000);
  for (let turn = 0; turn < 2; turn++)
    expectAck(await upload.close(), { ...ofApplication(403, 401), ...upload.done });
});
