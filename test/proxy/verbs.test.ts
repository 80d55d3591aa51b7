import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { ConnectionLost } from "../support/raw-connection.ts";
import { RESET } from "./raw-origin.ts";
import { useBench } from "./support.ts";

const bench = useBench();
const byFetch = useBench({ ORIGIN_CONNECTION: "fetch" });
let count = 0;

/** A target that only one test asks for. */
const nextTarget = (): string => `/ccm_system/request/${++count}`;

/** Sends a request with `verb` to the TCP door, and reads the answer. */
async function ask(target: string, { verb = "CCM_POST", fields = [] as string[], body = "message" } = {}) {
  return await bench().ask(
    "tcp",
    [`${verb} ${target} HTTP/1.1`, "Host: sccm.example", `Content-Length: ${body.length}`, ...fields],
    body,
  );
}

describe("A verb that the runtime has no name for, over the TCP door", () => {
  test.each(["CCM_POST", "M-SEARCH", "RPC_IN_DATA", "BCOPY", "X", "MSEARCH"])(
    "%s reaches the origin as it is, with its body, and so does the answer",
    async (verb) => {
      const target = nextTarget();
      bench().origin.answer = () =>
        "HTTP/1.1 207 Multi-Status\r\nX-Theirs: 1\r\nContent-Length: 5\r\n\r\nreply";
      const response = await ask(`${target}?a=1`, { verb });
      expect([response.status, response.body.toString(), response.header("X-Theirs")]).toEqual([
        207,
        "reply",
        "1",
      ]);
      const [request] = bench().origin.to(target);
      expect([request?.line, request?.body]).toEqual([`${verb} ${target}?a=1 HTTP/1.1`, "message"]);
    },
  );

  test("its fields are whose they are with any other verb", async () => {
    const target = nextTarget();
    bench().origin.answer = () =>
      [
        "HTTP/1.1 200 OK",
        "Content-Length: 0",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "WWW-Authenticate: NTLM",
        "",
        "",
      ].join("\r\n");
    const response = await ask(target, {
      fields: [
        "BITS-Packet-Type: Ping",
        "X-HTTP-Method-Override: BITS_POST",
        "X_Forwarded_For: 1.2.3.4",
        "Connection: X-Forwarded-Host",
        "Content-Type: text/xml",
      ],
    });
    const [request] = bench().origin.to(target);
    const valuesOf = (name: string): string[] => request?.values(name) ?? [];
    expect(valuesOf("Host")).toEqual([new URL(bench().origin.url).host]);
    expect(valuesOf("X-Forwarded-For")).toEqual(["127.0.0.1"]);
    expect(valuesOf("X-Forwarded-Host")).toEqual(["sccm.example"]);
    expect(valuesOf("Content-Type")).toEqual(["text/xml"]);
    expect(valuesOf("Content-Length")).toEqual(["7"]);
    expect(valuesOf("Via")).toHaveLength(1);
    for (const name of ["BITS-Packet-Type", "X-HTTP-Method-Override", "X_Forwarded_For"])
      expect(valuesOf(name)).toEqual([]);
    expect(response.headers.filter(([name]) => name.toLowerCase() === "set-cookie")).toHaveLength(2);
    expect(response.header("WWW-Authenticate")).toBeUndefined();
  });

  test.each([
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"],
    ["after an interim one", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nde", "de"],
  ])("an answer %s", async (_, rest, expected) => {
    bench().origin.answer = () =>
      rest.startsWith("\r\n") ? `HTTP/1.1 100 Continue\r\n${rest}` : `HTTP/1.1 200 OK\r\n${rest}`;
    const response = await ask(nextTarget());
    expect([response.status, response.body.toString()]).toEqual([200, expected]);
  });

  test("an answer up to the end of its connection", async () => {
    const target = nextTarget();
    bench().origin.answer = () => "HTTP/1.1 200 OK\r\n\r\nto the end";
    const asked = ask(target);
    await eventually(() => expect(bench().origin.to(target)[0]?.isWhole).toBe(true));
    bench().origin.to(target)[0]?.end();
    expect((await asked).body.toString()).toBe("to the end");
  });

  test.each(["204 No Content", "304 Not Modified"])("an answer without a body: %s", async (status) => {
    bench().origin.answer = () => `HTTP/1.1 ${status}\r\nETag: "x"\r\n\r\n`;
    const response = await ask(nextTarget());
    expect([response.status, response.header("ETag"), response.body.length]).toEqual([
      Number.parseInt(status, 10),
      '"x"',
      0,
    ]);
  });

  test("some megabytes there and back", async () => {
    const target = nextTarget();
    const body = Array.from({ length: 400_000 }, (_, index) => String(index).padStart(9, "0")).join("");
    bench().origin.answer = () => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const response = await ask(target, { body });
    expect(response.body.toString("latin1") === body).toBe(true);
    expect(bench().origin.to(target)[0]?.body === body).toBe(true);
  });

  test("an answer that the origin breaks off is no whole one", async () => {
    const target = nextTarget();
    bench().origin.answer = () => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbeginning";
    using connection = await bench().open("tcp");
    await connection.send(`CCM_POST ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await eventually(() => expect(connection.surplusBytes).toBeGreaterThan(0));
    bench().origin.to(target)[0]?.end();
    await expect(connection.readResponse()).rejects.toThrow(ConnectionLost);
  });

  test.each([
    ["breaks off its body", "Content-Length: 100\r\n\r\nhalf"],
    ["leaves while the origin thinks", "Content-Length: 4\r\n\r\nhalf"],
  ])("a client that %s takes the origin's connection with it", async (_, rest) => {
    const target = nextTarget();
    bench().origin.answer = () => null;
    const connection = await bench().open("tcp");
    await connection.send(`CCM_POST ${target} HTTP/1.1\r\nHost: a\r\n${rest}`);
    await eventually(() => expect(bench().origin.to(target)[0]?.body).toBe("half"));
    connection.destroy();
    await eventually(() => expect(bench().origin.to(target)[0]?.isLeft).toBe(true));
    expect(bench().origin.to(target)[0]?.isWhole).toBe(rest.includes(": 4"));
  });

  test("an origin that breaks off is answered for: 502, and it is asked once", async () => {
    const target = nextTarget();
    bench().origin.answer = () => RESET;
    expect((await ask(target)).status).toBe(502);
    expect(bench().origin.to(target)).toHaveLength(1);
  });

  test("no connection stays, however many requests a client's connection has", async () => {
    bench().origin.answer = () => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    using connection = await bench().open("tcp");
    for (let turn = 0; turn < 50; turn++) {
      await connection.send(`CCM_POST ${nextTarget()} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`);
      expect((await connection.readResponse()).status).toBe(200);
    }
    await eventually(() => expect(bench().origin.open).toBe(0));
  });

  test("a body in chunks needs a length: 411", async () => {
    const target = nextTarget();
    const lines = [`CCM_POST ${target} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked"];
    const { status } = await bench().ask("tcp", lines, "3\r\nabc\r\n0\r\n\r\n");
    expect([status, bench().origin.to(target)]).toEqual([411, []]);
  });

  test.each(["TRACE", "TRACK", "CONNECT", "post", "Bits_Post"])(
    "%s is none that passes: 501",
    async (verb) => {
      const target = verb === "CONNECT" ? "a:80" : nextTarget();
      const { status } = await bench().ask("tcp", [`${verb} ${target} HTTP/1.1`, "Host: a:80", ""]);
      expect([status, bench().origin.to(target)]).toEqual([501, []]);
    },
  );

  test("where ORIGIN_CONNECTION lets no socket be opened: 501", async () => {
    const { status } = await byFetch().ask("tcp", [`CCM_POST /a HTTP/1.1`, "Host: a", ""]);
    expect([status, byFetch().origin.requests]).toEqual([501, []]);
  });
});
