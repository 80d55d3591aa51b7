import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { ConnectionLost } from "../support/raw-connection.ts";
import { RESET } from "./raw-origin.ts";
import { useBench } from "./support.ts";

const plain = useBench();
const watched = useBench({ ANSWER_IDLE_TIMEOUT_SECONDS: 60 });
const WAYS = [
  { door: "tcp", bench: plain, way: "as it is" },
  { door: "http", bench: plain, way: "carried by the runtime" },
  { door: "http", bench: watched, way: "watched for silence" },
] as const;
const GZIP = gzipSync("the bytes as they are").toString("latin1");
let count = 0;

describe.each(WAYS)("What comes back, over the $door door, $way", ({ door, bench }) => {
  /** The answer to a request of an origin that says these lines, and this body. */
  async function answer(
    lines: readonly string[],
    body = "",
    { method = "GET", status = "200 OK", fields = [] as string[] } = {},
  ) {
    const length = lines.some((line) => /^(content-length|transfer-encoding):/i.test(line))
      ? []
      : [`Content-Length: ${body.length}`];
    const sent = method === "HEAD" || status.startsWith("304") ? "" : body;
    bench().origin.answer = () => [`HTTP/1.1 ${status}`, ...length, ...lines, "", sent].join("\r\n");
    return await bench().ask(door, [
      `${method} /back/${++count} HTTP/1.1`,
      "Host: files.example:81",
      ...fields,
      "",
    ]);
  }

  test.each(["gzip", "x-gzip", "deflate", "br", "zstd", "aes128gcm", "gzip, br"])(
    "Content-Encoding: %s, with its bytes, length and tag",
    async (coding) => {
      const fields = ["Accept-Encoding: gzip, deflate, br, zstd"];
      const response = await answer(
        [`Content-Encoding: ${coding}`, 'ETag: "x-gz"', "Vary: Accept-Encoding"],
        GZIP,
        { fields },
      );
      expect(response.body.toString("latin1")).toBe(GZIP);
      expect(response.header("Content-Encoding")).toBe(coding);
      expect(response.header("Content-Length")).toBe(String(GZIP.length));
      expect(response.header("ETag")).toBe('"x-gz"');
    },
  );

  test("a range of encoded bytes", async () => {
    const lines = ["Content-Encoding: gzip", "Content-Range: bytes 2-6/100", 'ETag: "x-gz"'];
    const response = await answer(lines, GZIP.slice(2, 7), {
      status: "206 Partial Content",
      fields: ["Range: bytes=2-6"],
    });
    expect([response.status, response.body.toString("latin1")]).toEqual([206, GZIP.slice(2, 7)]);
    expect(response.header("Content-Range")).toBe("bytes 2-6/100");
    expect(response.header("Content-Length")).toBe("5");
  });

  test.each([[], ["Content-Encoding: gzip"]])("HEAD with the length that GET has %s", async (...lines) => {
    const response = await answer([...lines, "Content-Length: 123456789", "Accept-Ranges: bytes"], "", {
      method: "HEAD",
    });
    expect([response.status, response.header("Content-Length"), response.header("Accept-Ranges")]).toEqual([
      200,
      "123456789",
      "bytes",
    ]);
  });

  test("304 with its tag", async () => {
    const response = await answer(['ETag: "x"'], "", { status: "304 Not Modified" });
    expect([response.status, response.header("ETag"), response.body.length]).toEqual([304, '"x"', 0]);
  });

  test.each(["Content-Length", "Transfer-Encoding"])(
    "some megabytes, each where it was, by %s",
    async (framing) => {
      const body = Array.from({ length: 400_000 }, (_, index) => String(index).padStart(9, "0")).join("");
      const isChunked = framing === "Transfer-Encoding";
      const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      const response = await (isChunked ? answer([`${framing}: chunked`], chunks) : answer([], body));
      expect(response.body.toString("latin1") === body).toBe(true);
      expect(response.header(framing)).toBe(isChunked ? "chunked" : String(body.length));
    },
  );

  test.each([
    ["a length", "Content-Length: 100000\r\n\r\nbeginning"],
    ["chunks", "Transfer-Encoding: chunked\r\n\r\n9\r\nbeginning\r\n"],
  ])("an answer with %s that the origin breaks off is no whole one", async (_, rest) => {
    const target = `/breaks/${++count}`;
    bench().origin.answer = () => `HTTP/1.1 200 OK\r\n${rest}`;
    using connection = await bench().open(door);
    await connection.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await eventually(() => expect(connection.surplusBytes).toBeGreaterThan(0));
    bench().origin.to(target)[0]?.end();
    await expect(connection.readResponse()).rejects.toThrow(ConnectionLost);
  });

  test("chunks, to their end", async () => {
    const response = await answer(["Transfer-Encoding: chunked"], "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    expect(response.body.toString()).toBe("abcde");
  });

  test.each([
    ["ORIGIN/a?b=1", "http://files.example:81/a?b=1"],
    ["ORIGIN", "http://files.example:81"],
    ["//HOST/a", "http://files.example:81/a"],
    ["/login?ReturnUrl=%2fa", "/login?ReturnUrl=%2fa"],
    ["next/page", "next/page"],
    ["?x", "?x"],
    ["https://elsewhere.example/a", "https://elsewhere.example/a"],
    ["http://127.0.0.1/a", "http://127.0.0.1/a"],
    ["https://HOST/a", "https://files.example/a"],
    ["mailto:a@b", "mailto:a@b"],
    ["ftp://HOST/a", "ftp://HOST/a"],
  ])("Location and Content-Location: %s is %s to the client", async (said, mapped) => {
    const { origin } = bench();
    const location = said.replace("ORIGIN", origin.url).replace("HOST", new URL(origin.url).host);
    const lines = [`Location: ${location}`, `Content-Location: ${location}`];
    const response = await answer(lines, "", { status: "302 Found" });
    const expected = mapped.replace("HOST", new URL(origin.url).host);
    expect([response.status, response.header("Location"), response.header("Content-Location")]).toEqual([
      302,
      expected,
      expected,
    ]);
  });

  test("bytes beyond ASCII in a field are the origin's at the HTTP door; the TCP door has lost those that are no UTF-8", async () => {
    const response = await answer(["X-Utf8: caf\u00c3\u00a9", "X-Old: caf\u00e9"]);
    const lost = "caf\u00ef\u00bf\u00bd";
    expect([response.header("X-Utf8"), response.header("X-Old")]).toEqual([
      "caf\u00c3\u00a9",
      door === "tcp" ? lost : "caf\u00e9",
    ]);
  });

  test("each challenge and each cookie is a field of its own, and NTLM is offered to nobody", async () => {
    const lines = [
      "WWW-Authenticate: Negotiate",
      "WWW-Authenticate: NTLM",
      'WWW-Authenticate: Basic realm="a, b"',
      'WWW-Authenticate: Digest realm="c", nonce="d"',
      "Set-Cookie: a=1; Expires=Sun, 01 Jan 2040 00:00:00 GMT",
      "Set-Cookie: b=2",
    ];
    const response = await answer(lines, "", { status: "401 Unauthorized" });
    const valuesOf = (wanted: string): string[] =>
      response.headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
    const challenges = ['Basic realm="a, b"', 'Digest realm="c", nonce="d"'];
    // The runtime's own server, which is the HTTP door's, writes one field of them (RFC 9110 5.3 lets it).
    expect(valuesOf("www-authenticate")).toEqual(door === "tcp" ? challenges : [challenges.join(", ")]);
    expect(valuesOf("set-cookie")).toHaveLength(2);
  });

  test("nothing of the origin's connection (RFC 9110 7.6.1)", async () => {
    const response = await answer([
      "Connection: X-Ours",
      "X-Ours: 1",
      "Keep-Alive: timeout=5",
      "X-Theirs: 2",
    ]);
    expect([response.header("X-Ours"), response.header("Keep-Alive"), response.header("X-Theirs")]).toEqual([
      undefined,
      undefined,
      "2",
    ]);
  });

  test.each(["GET", "HEAD"])("%s once more where a kept connection is reset", async (method) => {
    bench().origin.answer = ({ turn }) => (turn > 1 ? RESET : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    const statuses: number[] = [];
    for (let turn = 0; turn < 6; turn++)
      statuses.push((await bench().ask(door, [`${method} /kept HTTP/1.1`, "Host: a", ""])).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
  });

  test("GET once more, of several at a time", async () => {
    bench().origin.answer = ({ turn }) => (turn > 1 ? RESET : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    for (let round = 0; round < 3; round++) {
      const asked = Array.from({ length: 8 }, async () =>
        bench().ask(door, ["GET /kept HTTP/1.1", "Host: a", ""]),
      );
      expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(
        Array.from({ length: 8 }, () => 200),
      );
    }
  });

  test.each(["PUT", "POST"])("%s only once: nobody knows what came of it", async (method) => {
    const target = `/once/${++count}`;
    bench().origin.answer = () => RESET;
    const lines = [`${method} ${target} HTTP/1.1`, "Host: a", "Content-Length: 3", ""];
    expect((await bench().ask(door, lines, "abc")).status).toBe(502);
    expect(bench().origin.to(target)).toHaveLength(1);
  });

  test.each(["GET", "HEAD"])("%s with content is refused, and without it passes", async (method) => {
    bench().origin.answer = () => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const lines = [`${method} /content HTTP/1.1`, "Host: a"];
    expect((await bench().ask(door, [...lines, "Content-Length: 0", ""])).status).toBe(200);
    expect((await bench().ask(door, [...lines, "Content-Length: 3", ""], "abc")).status).toBe(400);
  });
});
