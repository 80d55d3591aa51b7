import { describe, expect, test } from "vitest";
import { DOORS, useBench } from "./support.ts";

const bench = useBench();
let count = 0;

/** Fields that a client could only forge, and their twins in a CGI program's eyes (RFC 3875 4.1.18). */
const FORGED = [
  "BITS-Request-DataFile-Name",
  "BITS-Response-DataFile-Name",
  "BITS-Original-Request-URL",
  "BITS_Request_DataFile_Name",
  "BITS-Session-Id",
  "Idempotency-Key",
  "idempotency_key",
  "X-Original-URL",
  "X_Original_URL",
  "X-Rewrite-URL",
  "X-HTTP-Method",
  "X-HTTP-Method-Override",
  "X_HTTP_Method_Override",
  "X-Method-Override",
  "Forwarded",
  "X-Real-IP",
  "X_Real_IP",
  "True-Client-IP",
  "CF-Connecting-IP",
  "X-Forwarded-Server",
  "X_Forwarded_For",
  "X-Forwarded_For",
  "X.Forwarded.For",
  "x_forwarded_host",
  "X-Forwarded-Port",
  "X-Forwarded-Prefix",
  "Front-End-Https",
  "X-ARR-ClientCert",
  "Proxy",
];

describe.each(DOORS)("What the origin is told, over the %s door", (door) => {
  /** The fields with which `lines` arrive at the origin. */
  async function told(lines: readonly string[], method = "GET"): Promise<(name: string) => string[]> {
    const target = `/fields/${door}-${++count}`;
    const response = await bench().ask(door, [
      `${method} ${target} HTTP/1.1`,
      "Host: files.example:81",
      ...lines,
      "",
    ]);
    expect(response.status).toBe(200);
    const [request] = bench().origin.to(target);
    if (request === undefined) throw new Error("the origin was not asked");
    return request.values;
  }

  test("the edge's own fields, once each, and no other's", async () => {
    const values = await told(FORGED.map((name) => `${name}: 203.0.113.66`));
    expect(values("X-Forwarded-For")).toEqual(["127.0.0.1"]);
    expect(values("X-Forwarded-Host")).toEqual(["files.example:81"]);
    expect(values("X-Forwarded-Proto")).toEqual(["http"]);
    expect(values("Host")).toEqual([new URL(bench().origin.url).host]);
    const own = new Set(["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "host"]);
    const passed = FORGED.filter((name) => !own.has(name.toLowerCase()) && values(name).length > 0);
    expect(passed).toEqual([]);
  });

  test.each([
    "X-Forwarded-For",
    "x-forwarded-host, X-Forwarded-Proto",
    "Via",
    "Host",
    "close, X-Forwarded-For",
    ",",
  ])("Connection: %s takes nothing away that the edge writes", async (options) => {
    const values = await told([`Connection: ${options}`, "X-Forwarded-For: 203.0.113.66"]);
    expect(values("X-Forwarded-For")).toEqual(["127.0.0.1"]);
    expect(values("X-Forwarded-Host")).toEqual(["files.example:81"]);
    expect(values("X-Forwarded-Proto")).toEqual(["http"]);
    expect(values("Via")).toHaveLength(1);
    expect(values("Host")).toHaveLength(1);
  });

  test("what Connection names is the connection's, and goes no further (RFC 9110 7.6.1)", async () => {
    const values = await told([
      "Connection: X-Mine, Keep-Alive",
      "X-Mine: 1",
      "Keep-Alive: 5",
      "TE: trailers",
      "X-Yours: 2",
    ]);
    expect([values("X-Mine"), values("Keep-Alive"), values("TE"), values("X-Yours")]).toEqual([
      [],
      [],
      [],
      ["2"],
    ]);
  });

  test("Via says that the edge was here, after those before it (RFC 9110 7.6.3)", async () => {
    expect((await told([]))("Via")).toEqual(["1.1 bits-edge"]);
    expect((await told(["Via: 1.0 fred, 1.1 p.example.net"]))("Via")).toEqual([
      "1.0 fred, 1.1 p.example.net, 1.1 bits-edge",
    ]);
  });

  test("a client's own words pass: cookies, Basic and bearer, conditions, ranges, what it accepts", async () => {
    const lines = [
      "Cookie: a=1; b=2",
      "Authorization: Basic dTpw",
      'If-None-Match: "x", W/"y"',
      "Range: bytes=0-1",
      "Accept-Encoding: gzip;q=1.0, zstd",
      "User-Agent: Microsoft BITS/7.8",
      "Translate: f",
    ];
    const values = await told(lines);
    for (const line of lines) {
      const [name = "", value] = line.split(/: (.*)/s);
      expect([name, values(name)]).toEqual([name, [value]]);
    }
    expect((await told([]))("Accept-Encoding")).toEqual(["identity"]);
  });

  test.each(["NTLM TlRMTVNTUAABAAAA", "Negotiate YIIB", "negotiate YIIB"])(
    "credentials that are a connection's do not (ruling 28, what judges identity is never shared): %s",
    async (credentials) => {
      expect((await told([`Authorization: ${credentials}`]))("Authorization")).toEqual([]);
    },
  );

  test("bytes beyond ASCII in a field are the client's at the HTTP door, and UTF-8 at the TCP door", async () => {
    const values = await told(["X-Utf8: caf\u00c3\u00a9", "X-Old: caf\u00e9"]);
    const utf8 = ["caf\u00c3\u00a9"];
    expect([values("X-Utf8"), values("X-Old")]).toEqual([utf8, door === "tcp" ? utf8 : ["caf\u00e9"]]);
  });

  test("a request that goes in a circle is answered 508", async () => {
    const via = Array.from({ length: 3 }, () => "1.1 bits-edge").join(", ");
    const response = await bench().ask(door, [`GET /circle-${door} HTTP/1.1`, "Host: a", `Via: ${via}`, ""]);
    expect(response.status).toBe(508);
    expect(bench().origin.to(`/circle-${door}`)).toEqual([]);
  });

  test.each([
    ["http://files.example:81/a%20b/%63", "/a%20b/c"],
    ["/moved//x", "/moved/x"],
  ])("WebDAV's Destination on the client's authority is the origin's: %s", async (destination, path) => {
    const values = await told([`Destination: ${destination}`], "MOVE");
    expect(values("Destination")).toEqual([`${bench().origin.url}${path}`]);
  });

  test("a Destination elsewhere is the origin's to refuse", async () => {
    const values = await told(["Destination: http://elsewhere.example/x"], "COPY");
    expect(values("Destination")).toEqual(["http://elsewhere.example/x"]);
  });

  test.each(["http://files.example:81/a%2fb", "/..%c0%af", "nonsense", "/a\\b"])(
    "a Destination that could be read in two ways is refused: %s",
    async (destination) => {
      const lines = ["MOVE /x HTTP/1.1", "Host: files.example:81", `Destination: ${destination}`, ""];
      expect((await bench().ask(door, lines)).status).toBe(400);
    },
  );

  test("OPTIONS counts Max-Forwards down, and is answered here at zero (RFC 9110 7.6.2)", async () => {
    expect((await told(["Max-Forwards: 5"], "OPTIONS"))("Max-Forwards")).toEqual(["4"]);
    const before = bench().origin.requests.length;
    const response = await bench().ask(door, ["OPTIONS / HTTP/1.1", "Host: a", "Max-Forwards: 0", ""]);
    expect([response.status, bench().origin.requests.length]).toEqual([200, before]);
  });

  test.each([
    ["/uploads//a/./%63", "/uploads/a/c"],
    ["/uploads/a/b/../%63", "/uploads/a/c"],
    ["/%7euser?x=%7e&y=/../", "/~user?x=%7e&y=/../"],
    ["/a%c3%a4", "/a%C3%A4"],
  ])("the path in its canonical form: %s", async (target, canonical) => {
    await bench().ask(door, [`GET ${target} HTTP/1.1`, "Host: a", ""]);
    expect(bench().origin.requests.at(-1)?.line).toBe(`GET ${canonical} HTTP/1.1`);
  });

  test.each([
    "/a%2fb",
    "/a%5cb",
    "/..%252f",
    "/%c0%ae%c0%ae/",
    "/a%EF%BC%8Fb",
    "/a\\b",
    "/a//../b",
    "/%",
    "/a%00",
  ])("400 for a path that could be read in two ways: %s", async (target) => {
    const before = bench().origin.requests.length;
    const response = await bench().ask(door, [`GET ${target} HTTP/1.1`, "Host: a", ""]);
    expect([response.status, bench().origin.requests.length]).toEqual([400, before]);
  });

  test.each(["h\\admin", "h/admin", "h#", "h?", "u@h", "h g", "h,g", "h:port", "[::1", "h%2f", ""])(
    "400 for Host: %s, before anything looks at the path",
    async (host) => {
      const before = bench().origin.requests.length;
      const lines = ["GET /users.aspx HTTP/1.1", `Host: ${host}`, ""];
      const health = await bench().ask(door, ["GET /healthz HTTP/1.1", `Host: ${host}`, ""]);
      expect([(await bench().ask(door, lines)).status, health.status]).toEqual([400, 400]);
      expect(bench().origin.requests.length).toBe(before);
    },
  );
});

test("CONNECT at the HTTP door opens no door inside itself", async () => {
  using connection = await bench().open("http");
  await connection.send("CONNECT a.example:80 HTTP/1.1\r\nHost: a.example\r\n\r\n");
  await connection.send("GET /inside HTTP/1.1\r\nHost: a.example\r\n\r\n").catch(() => undefined);
  const said = (await connection.readToEnd()).toString("latin1");
  expect(said.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThanOrEqual(1);
  expect(bench().origin.to("/inside")).toEqual([]);
});
