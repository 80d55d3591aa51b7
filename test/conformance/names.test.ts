import { describe, expect, it } from "vitest";
import { createSession } from "../support/bits-client.ts";
import { CREATED, expectAck, FORBIDDEN, INVALID } from "./expect-ack.ts";
import { type Door, useBench } from "./support.ts";

const bench = useBench({
  directories: [
    { path: "/anything/", deny_extensions: [], deny_segments: [] },
    { path: "/archives/", allow_extensions: [".zip"] },
    { path: "/uploads/secret/", allow_from: [] },
    { path: "/of;year/" },
  ],
});

describe.each<Door>(["tcp", "http"])("Create-Session over the %s door, for a name that", (door) => {
  async function create(target: string) {
    using connection = await bench().open(door);
    return await createSession(connection, target, { verb: door === "tcp" ? "BITS_POST" : "POST" });
  }

  it.each([
    "/uploads/web.config",
    "/uploads/x.aspx",
    "/uploads/x.asp;.jpg",
    "/uploads/x.asp/z.jpg",
    "/uploads/global.asax",
    "/uploads/App_Code/a.txt",
    "/uploads/deep/BIN/a.dll",
    "/UPLOADS/%57eb.config",
    "/notify/x.ashx",
    "/archives/a.txt",
  ])("a directory denies, %s: 403, and the origin does not hear of it", async (target) => {
    const heard = bench().origin.requests.length;
    expectAck(await create(target), FORBIDDEN);
    expect(bench().origin.requests.slice(heard)).toEqual([]);
  });

  // To a server that takes what follows a semicolon for a parameter, as Tomcat, the file is elsewhere.
  it.each([
    "/uploads/secret;a/x",
    "/uploads/;a/secret/x",
    "/uploads/..;/closed/x",
    "/uploads/%2e%2e%3B/x",
    "/uploads/BITS-Sessions;a/x",
    "/uploads/con;a",
    "/uploads/;a",
  ])("could be read in two ways, %s: 400, and the origin does not hear of it", async (target) => {
    const heard = bench().origin.requests.length;
    expectAck(await create(target), INVALID);
    expect(bench().origin.requests.slice(heard)).toEqual([]);
  });

  it.each([
    "/anything/web.config",
    "/anything/bin/x.aspx",
    "/archives/a.zip",
    "/uploads/report;1/a;b.pdf",
    "/of;year/a;b.pdf",
    "/uploads/Con%20Edison%20bill.pdf",
    "/uploads/AUX%20cable%20list.xlsx",
    "/uploads/com1%20capture%202024.log",
    "/uploads/nul%20and%20void/a.txt",
  ])("it takes, %s: a session", async (target) => {
    expectAck(await create(target), CREATED);
  });
});
