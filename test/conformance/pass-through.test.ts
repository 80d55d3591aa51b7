import { describe, expect, it } from "vitest";
import { answer } from "../support/origin-behaviour.ts";
import type { HttpResponse } from "../support/http-response.ts";
import { contentOf, type Door, sha256, useBench } from "./support.ts";

const FILE = contentOf(5_000, "file");
const bench = useBench({
  origin: {
    behave: ({ url, headers }) => {
      if (url.startsWith("/moved"))
        return answer(302, { Location: "https://elsewhere.example/a?b=1" }, "moved");
      if (url.startsWith("/cookies")) {
        // Node writes a list as several lines; the type of a canned answer knows one line a name.
        const cookies = ["a=1; Path=/", "b=2, c; Path=/"] as unknown as string;
        return answer(200, { "Set-Cookie": cookies }, "cookies");
      }
      if (url.startsWith("/hops")) {
        const hops = { Connection: "X-Ours", "X-Ours": "1", "Keep-Alive": "timeout=5", "X-Theirs": "2" };
        return answer(200, hops, "hops");
      }
      if (url.startsWith("/teapot"))
        return answer(418, { "X-Powered-By": "ASP.NET" }, headers["x-echo"] ?? "");
      return undefined;
    },
  },
});

describe.each<Door>(["tcp", "http"])(
  "What is not BITS, over the %s door, goes to the origin and back",
  (door) => {
    async function ask(
      request: string,
      headers: readonly string[] = [],
      body: string | Buffer = "",
    ): Promise<HttpResponse> {
      using connection = await bench().open(door);
      const head = [`${request} HTTP/1.1`, "Host: files.example", ...headers, "", ""].join("\r\n");
      await connection.send(Buffer.concat([Buffer.from(head), Buffer.from(body)]));
      return await connection.readResponse({ toHead: request.startsWith("HEAD") });
    }

    const path = `/files/${door} folder/a%2Bb.bin`.replace(" ", "%20");

    it("GET, with the path and the query as they were", async () => {
      await bench().place(`/files/${door} folder/a+b.bin`, FILE);
      const response = await ask(`GET ${path}?a=1&b=%C3%BC&c=d+e`, ["X-Own: kept", "Accept: text/plain"]);
      expect([response.status, sha256(response.body)]).toEqual([200, sha256(FILE)]);
      expect(response.header("Content-Length")).toBe("5000");
      expect(response.header("Accept-Ranges")).toBe("bytes");
      const asked = bench().origin.requests.find(({ url }) => url.startsWith(`${path}?`));
      expect(asked).toMatchObject({ method: "GET", url: `${path}?a=1&b=%C3%BC&c=d+e` });
      expect(asked?.headers).toMatchObject({ "x-own": "kept", accept: "text/plain" });
    });

    it("HEAD, with the length that GET would have", async () => {
      const response = await ask(`HEAD ${path}`);
      expect([response.status, response.header("Content-Length"), response.body.length]).toEqual([
        200,
        "5000",
        0,
      ]);
    });

    it.each([
      ["bytes=0-0", 206, "bytes 0-0/5000"],
      ["bytes=4000-4999", 206, "bytes 4000-4999/5000"],
      ["bytes=4000-", 206, "bytes 4000-4999/5000"],
      ["bytes=5000-", 416, "bytes */5000"],
    ])("a range, as BITS downloads ask for it: %s gives %d", async (range, status, contentRange) => {
      const response = await ask(`GET ${path}`, [`Range: ${range}`]);
      expect([response.status, response.header("Content-Range")]).toEqual([status, contentRange]);
      const [first = 0, last = -1] = status === 206 ? (contentRange.match(/\d+/g)?.map(Number) ?? []) : [];
      expect(response.body.equals(FILE.subarray(first, last + 1))).toBe(true);
      expect(response.header("Content-Length")).toBe(String(last + 1 - first));
    });

    it.each(["POST", "PUT"])(
      "%s with a body, and its length (legacy origins refuse chunked requests)",
      async (method) => {
        const target = bench().target("/plain/");
        const response = await ask(
          `${method} ${target}?x=1`,
          ["Content-Length: 5000", "Content-Type: image/png"],
          FILE,
        );
        expect([200, 201]).toContain(response.status);
        const asked = bench().origin.requests.find(({ url }) => url === `${target}?x=1`);
        expect(asked).toMatchObject({ method, bytes: 5_000, sha256: sha256(FILE) });
        expect(asked?.headers).toMatchObject({ "content-length": "5000", "content-type": "image/png" });
        expect(asked?.headers["transfer-encoding"]).toBeUndefined();
      },
    );

    it("POST without a body, below an upload directory too: only BITS headers make it BITS", async () => {
      const target = bench().target();
      const response = await ask(`POST ${target}`, ["Content-Length: 0"]);
      expect(response.status).toBe(200);
      expect(response.header("BITS-Packet-Type")).toBeUndefined();
      expect(
        bench()
          .origin.of("POST")
          .filter(({ url }) => url === target),
      ).toHaveLength(1);
    });

    it("404, and any other status with its words", async () => {
      expect((await ask("GET /files/none")).status).toBe(404);
      const response = await ask("GET /teapot", ["X-Echo: short and stout"]);
      expect([response.status, response.body.toString(), response.header("X-Powered-By")]).toEqual([
        418,
        "short and stout",
        "ASP.NET",
      ]);
    });

    it("a redirect is the client's to follow", async () => {
      const response = await ask("GET /moved/a");
      expect([response.status, response.header("Location")]).toEqual([
        302,
        "https://elsewhere.example/a?b=1",
      ]);
      expect(bench().origin.requests.filter(({ url }) => url === "/moved/a").length).toBeGreaterThan(0);
    });

    it("each cookie is a header of its own (RFC 6265 section 3)", async () => {
      const response = await ask("GET /cookies");
      const cookies = response.headers.filter(([name]) => name.toLowerCase() === "set-cookie");
      expect(cookies.map(([, value]) => value)).toEqual(["a=1; Path=/", "b=2, c; Path=/"]);
    });

    it("without the headers that are a connection's (RFC 9110 7.6.1)", async () => {
      const target = `/hops/${door}`;
      const response = await ask(`GET ${target}`, [
        "Connection: keep-alive, X-Mine",
        "Keep-Alive: 300",
        "X-Mine: 1",
        "X-Yours: 2",
        "TE: trailers",
        "Proxy-Connection: keep-alive",
      ]);
      const headers = bench().origin.requests.find(({ url }) => url === target)?.headers ?? {};
      const left = ["x-mine", "keep-alive", "te"].filter((name) => headers[name] !== undefined);
      expect([left, headers["x-yours"]]).toEqual([[], "2"]);
      expect([response.header("X-Ours"), response.header("Keep-Alive"), response.header("X-Theirs")]).toEqual(
        [undefined, undefined, "2"],
      );
    });

    it("without Proxy-Connection, which is known to need removal (RFC 9110 7.6.1)", async () => {
      const target = `/hops/proxy-${door}`;
      await ask(`GET ${target}`, ["Proxy-Connection: keep-alive"]);
      const headers = bench().origin.requests.find(({ url }) => url === target)?.headers ?? {};
      expect(headers["proxy-connection"]).toBeUndefined();
    });

    it("with the client's address, host and scheme, as the edge saw them and not as the client says", async () => {
      const target = `/files/claims-${door}`;
      const claims = [
        "X-Forwarded-For: 203.0.113.7",
        "X-Forwarded-Host: bank.example",
        "X-Forwarded-Proto: https",
        "Forwarded: for=203.0.113.7;host=bank.example;proto=https",
        "X-Real-IP: 203.0.113.7",
        "CF-Connecting-IP: 203.0.113.7",
        "CF-Connecting-IP: 203.0.113.7",
      ];
      await ask(`GET ${target}`, claims);
      const headers = bench().origin.requests.find(({ url }) => url === target)?.headers ?? {};
      expect(headers).toMatchObject({
        host: new URL(bench().origin.url).host,
        "x-forwarded-host": "files.example",
        "x-forwarded-proto": "http",
        "x-forwarded-for": "127.0.0.1",
      });
      expect(JSON.stringify(headers)).not.toMatch(/203\.0\.113\.7|bank\.example/);
    });

    it("a large file, both ways, as a stream", async () => {
      const large = contentOf(40 << 20, door);
      const target = bench().target("/plain/");
      const put = await ask(`PUT ${target}`, [`Content-Length: ${large.length}`], large);
      expect(put.status).toBe(201);
      await bench().expectPublished(target, large);
      const got = await ask(`GET ${target}`);
      expect([got.status, got.body.length, sha256(got.body)]).toEqual([200, large.length, sha256(large)]);
      expect(got.header("Content-Length")).toBe(String(large.length));
    });

    it("several requests on one connection, BITS and others in turn", async () => {
      using connection = await bench().open(door);
      const verb = door === "tcp" ? "BITS_POST" : "POST";
      const ping = `${verb} /uploads/a HTTP/1.1\r\nHost: a\r\nBITS-Packet-Type: Ping\r\nContent-Length: 0\r\n\r\n`;
      const get = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
      await connection.send(get + ping + get + ping);
      const statuses: string[] = [];
      for (let turn = 0; turn < 4; turn++) {
        const { status, body } = await connection.readResponse();
        statuses.push(`${status} ${body.length}`);
      }
      expect(statuses).toEqual(["200 5000", "200 0", "200 5000", "200 0"]);
    });

    it("502 while the origin is not there, and no BITS headers", async () => {
      await bench().origin.pause();
      try {
        const response = await ask("GET /files/a.bin");
        expect([response.status, response.header("BITS-Packet-Type")]).toEqual([502, undefined]);
      } finally {
        await bench().origin.resume();
      }
    });
  },
);
