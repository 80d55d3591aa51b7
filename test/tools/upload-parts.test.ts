import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { authorization } from "../../tools/bits-client/credentials.ts";
import { formatPacketHead } from "../../tools/bits-client/packet-head.ts";
import { readAnswer } from "../../tools/bits-client/read-ack.ts";
import { atHost } from "../../tools/bits-client/route.ts";
import { CliError } from "../../tools/terminal/cli-error.ts";
import { bytesInWords, durationInWords, printable } from "../../tools/terminal/in-units.ts";
import { destinationsOf } from "../../tools/upload/destination.ts";
import { HostFallback } from "../../tools/upload/host-fallback.ts";
import { KeptUpload, keyOf } from "../../tools/upload/kept-upload.ts";
import { begin } from "../../tools/upload/progress.ts";
import { RateMeter } from "../../tools/upload/rate-meter.ts";
import { resolveReplyUrl } from "../../tools/upload/reply.ts";
import { WaitTimes } from "../../tools/upload/wait-times.ts";

describe("Destinations", () => {
  test("are the folder's URL and the file's name, encoded; or the URL itself", () => {
    const urls = destinationsOf(["/var/spool/a b#ü.bin", "c.bin"], "http://edge/up/?x=1").map(
      ({ url }) => url.href,
    );
    expect(urls).toEqual(["http://edge/up/a%20b%23%C3%BC.bin?x=1", "http://edge/up/c.bin?x=1"]);
    expect(destinationsOf(["c.bin"], "http://edge/up/d.bin").map(({ url }) => url.href)).toEqual([
      "http://edge/up/d.bin",
    ]);
  });

  test.each([
    ["a URL that is none", ["file.bin"], "uploads", /http or https/],
    ["credentials in the URL", ["file.bin"], "http://a:b@localhost/x", /--user/],
    ["two files to one URL", ["a.bin", "b.bin"], "http://localhost/x", /slash/],
    ["two of one name", ["a/x.bin", "b/x.bin"], "http://localhost/", /both go to/],
    ["a URL beyond Windows' length", ["x.bin"], `http://localhost/${"y".repeat(2200)}`, /2200/],
  ])("%s is refused", (_, files, url, sentence) => {
    expect(() => destinationsOf(files, url)).toThrow(sentence);
    expect(() => destinationsOf(files, url)).toThrow(CliError);
  });
});

describe("Waits", () => {
  const patience = { firstSeconds: 2, longestSeconds: 30, noProgressSeconds: 100 };

  test("double up to the longest, begin anew with progress, and end without it", () => {
    let now = 0;
    const waits = new WaitTimes(
      patience,
      () => now,
      () => 0,
    );
    expect([1, 2, 3, 4, 5, 6].map(() => waits.next(null))).toEqual([2, 4, 8, 16, 30, 30]);
    now = 99_000;
    expect(waits.next(null)).toBe(1);
    waits.reached(10);
    expect(waits.next(null)).toBe(2);
    now = 198_000;
    waits.reached(5);
    now = 199_000;
    expect(waits.next(null)).toBeNull();
  });

  test("are up to a fifth shorter, and no shorter than Retry-After, which counts up to an hour", () => {
    const waits = new WaitTimes(
      { ...patience, firstSeconds: 10 },
      () => 0,
      () => 1,
    );
    expect(waits.next(null)).toBe(8);
    expect(waits.next(25)).toBe(25);
    expect(waits.next(1e9)).toBe(3600);
  });
});

test("The host falls back when it has failed for so long, and stays there ([MC-BUP] 3.1.6.3)", () => {
  let now = 0;
  const hosts = new HostFallback(() => now);
  const host = { id: "other", fallbackTimeoutSeconds: 10 };
  hosts.failed();
  now = 9_999;
  expect(hosts.hostFor(host)).toBe("other");
  hosts.worked();
  hosts.failed();
  now = 19_998;
  expect(hosts.hostFor(host)).toBe("other");
  now = 19_999;
  expect(hosts.hostFor({ ...host, fallbackTimeoutSeconds: null })).toBe("other");
  expect(hosts.hostFor(host)).toBeNull();
  hosts.worked();
  expect(hosts.hostFor(host)).toBeNull();
  // Another session may be led there again.
  expect(hosts.hostFor({ ...host })).toBe("other");
});

test.each([
  ["other.example.com", "http://other.example.com:8080/x?y"],
  ["other.example.com:99", "http://other.example.com:99/x?y"],
  ["[2001:db8::1]", "http://[2001:db8::1]:8080/x?y"],
  ["[2001:db8::1]:99", "http://[2001:db8::1]:99/x?y"],
])("BITS-Host-Id %s: packets go to %s", (id, url) => {
  expect(atHost(new URL("http://edge:8080/x?y"), id).href).toBe(url);
});

test.each([
  [
    "BITS-Sessions\\Replies\\{C85B}\\responsefile.bin",
    "http://h/up/BITS-Sessions/Replies/%7BC85B%7D/responsefile.bin",
  ],
  ["http://other/r?a=1", "http://other/r?a=1"],
  ["file:///etc/passwd", undefined],
])("BITS-Reply-URL %s is %s ([MC-BUP] 4.2)", (text, url) => {
  expect(resolveReplyUrl(text, new URL("http://h/up/file.txt"))?.href).toBe(url);
});

describe("Heads", () => {
  test("carry a name in ASCII, whatever the file is called", () => {
    const { headers } = formatPacketHead({ type: "Create-Session" }, "POST", 'ü "x"\r\n.bin');
    expect(headers).toContainEqual(["Content-Name", "%C3%BC _x_%0D%0A.bin"]);
    expect(headers).toContainEqual(["X-HTTP-Method-Override", "BITS_POST"]);
  });

  test("are read whatever their case; a malformed value is none", () => {
    const answer = readAnswer({
      status: 500,
      headers: [
        ["bits-packet-type", "ACK"],
        ["BITS-Error", "0x8020001F"],
        ["BITS-Received-Content-Range", "bytes 0-4"],
        ["BITS-Host-Id", "a/b"],
        ["WWW-Authenticate", "Negotiate"],
        ["WWW-Authenticate", 'Basic realm="x"'],
      ],
    });
    expect(answer).toMatchObject({ isAck: true, hresult: 0x8020001f, offset: null, hostId: null });
    expect(answer.schemes).toEqual(["negotiate", "basic"]);
  });
});

describe("Credentials", () => {
  test("are Basic or Bearer, from the command line or the environment", () => {
    expect(authorization({ user: "ä:b:c" }, {})).toBe(`Basic ${Buffer.from("ä:b:c").toString("base64")}`);
    expect(authorization({ user: "a" }, { BITS_EDGE_PASSWORD: "b" })).toBe("Basic YTpi");
    expect(authorization({}, { BITS_EDGE_BEARER: "t.o-k" })).toBe("Bearer t.o-k");
    expect(authorization({}, {})).toBeNull();
  });

  test.each([[{ user: "a" }], [{ user: "a:b", bearer: "c" }], [{ bearer: "two words" }]])(
    "%j is refused",
    (options) => {
      expect(() => authorization(options, {})).toThrow(CliError);
    },
  );
});

describe("What is kept of an upload", () => {
  const identity = { size: 10, modified: "1", inode: "2" };

  test("is there again, begins with a Ping, and belongs to one file and one URL", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bits-kept-"));
    onTestFinished(async () => await rm(folder, { recursive: true }));
    const progress = { ...begin(10, "offered"), phase: "sending" as const, sessionId: "{A}", offset: 4 };
    await new KeptUpload(folder, "/x", "http://a/").write(identity, progress);
    const { mode } = await stat(join(folder, `${keyOf("/x", "http://a/")}.json`));
    expect(mode & 0o077).toBe(0);
    const kept = await new KeptUpload(folder, "/x", "http://a/").read();
    expect(kept).toEqual({ identity, progress: { ...progress, mustPing: true } });
    expect(await new KeptUpload(folder, "/x", "http://b/").read()).toBeNull();
  });

  test.each(["", "{", "{}", '{"version":2}', "null", "[]"])(
    "is nothing where its file says %j",
    async (text) => {
      const folder = await mkdtemp(join(tmpdir(), "bits-kept-"));
      onTestFinished(async () => await rm(folder, { recursive: true }));
      await writeFile(join(folder, `${keyOf("/x", "http://a/")}.json`), text);
      expect(await new KeptUpload(folder, "/x", "http://a/").read()).toBeNull();
    },
  );
});

describe("Words", () => {
  test("for bytes and times", () => {
    expect([0, 1023, 1024, 13_000_000, 9e9].map(bytesInWords)).toEqual([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "12.4 MiB",
      "8.4 GiB",
    ]);
    expect([0, 42, 185, 7_800, 1_209_600, Number.POSITIVE_INFINITY].map(durationInWords)).toEqual([
      "0 s",
      "42 s",
      "3 min 5 s",
      "2 h 10 min",
      "14 d",
      "?",
    ]);
  });

  test("of strangers do nothing to a terminal", () => {
    expect(printable("a\u001b[2Jb\u202Ec\n")).toBe("a\uFFFD[2Jb\uFFFDc\uFFFD");
    expect(printable("x".repeat(300), 10)).toBe(`${"x".repeat(9)}…`);
  });

  test("for a rate that does not jump with every chunk", () => {
    const meter = new RateMeter();
    expect(meter.at(0, 0)).toBeNull();
    expect(meter.at(1000, 1)).toBe(1000);
    expect(meter.at(1000, 1.1)).toBe(1000);
    expect(meter.at(1000, 2)).toBeLessThan(1000);
  });
});
