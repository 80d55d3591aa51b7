import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Door, HAS_IPV6, startDoor } from "./support/start-door.ts";

const HOST = "Host: edge.example\r\n";
let door: Door;
beforeAll(async () => {
  door = await startDoor();
});
afterAll(() => door.stop());

describe("a request as the app sees it", () => {
  test("BITS_POST is POST, with the verb, the client's address and all headers told", async () => {
    using connection = await door.connect();
    await connection.send(
      `BITS_POST /arrival?a=b HTTP/1.1\r\n${HOST}BITS-Packet-Type: Ping\r\nContent-Length: 0\r\nX-HTTP-Method-Override: BITS_POST\r\n\r\n`,
    );
    const response = await connection.readResponse();
    expect(JSON.parse(response.body.toString())).toEqual({
      url: "http://edge.example/arrival?a=b",
      method: "POST",
      redirect: "manual",
      headers: [
        ["bits-packet-type", "Ping"],
        ["content-length", "0"],
        ["host", "edge.example"],
      ],
      arrival: { door: "tcp", method: "BITS_POST", target: "/arrival?a=b", clientAddress: "127.0.0.1" },
    });
  });

  test("another verb keeps its override header", async () => {
    using connection = await door.connect();
    await connection.send(
      `POST /arrival HTTP/1.1\r\n${HOST}Content-Length: 0\r\nX-HTTP-Method-Override: BITS_POST\r\n\r\n`,
    );
    const told: unknown = JSON.parse((await connection.readResponse()).body.toString());
    expect(told).toMatchObject({ method: "POST", arrival: { method: "POST" } });
    expect(told).toHaveProperty("headers", expect.arrayContaining([["x-http-method-override", "BITS_POST"]]));
  });

  test.skipIf(!HAS_IPV6)("an IPv6 client's address has no brackets and no port", async () => {
    using connection = await door.connect("ipv6");
    await connection.send(`GET /arrival HTTP/1.1\r\n${HOST}\r\n`);
    const told: unknown = JSON.parse((await connection.readResponse()).body.toString());
    expect(told).toMatchObject({ arrival: { clientAddress: "::1" } });
  });

  test.each(
    [
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "DELETE",
      "PATCH",
      "OPTIONS",
      "QUERY",
      "PURGE",
      "PROPFIND",
      "PROPPATCH",
    ].concat(
      [
        "MKCOL",
        "COPY",
        "MOVE",
        "LOCK",
        "UNLOCK",
        "ACL",
        "REPORT",
        "SEARCH",
        "MKACTIVITY",
        "CHECKOUT",
        "MERGE",
      ],
      ["NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE"],
    ),
  )("the runtime can express %s", async (method) => {
    using connection = await door.connect();
    await connection.send(`${method} /arrival HTTP/1.1\r\n${HOST}\r\n`);
    expect((await connection.readResponse({ toHead: method === "HEAD" })).status).toBe(200);
  });
});

describe("a connection", () => {
  test("serves one request after another", async () => {
    using connection = await door.connect();
    for (const text of ["one", "two", "three"]) {
      await connection.send(`POST /text HTTP/1.1\r\n${HOST}Content-Length: ${text.length}\r\n\r\n${text}`);
      const response = await connection.readResponse();
      expect([response.body.toString(), response.header("Connection")]).toEqual([text, undefined]);
    }
  });

  test("answers pipelined requests in order", async () => {
    using connection = await door.connect();
    const post = (text: string) =>
      `POST /text HTTP/1.1\r\n${HOST}Content-Length: ${text.length}\r\n\r\n${text}`;
    const chunked = `POST /text HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n`;
    await connection.send(post("one") + chunked + `GET /ack HTTP/1.1\r\n${HOST}\r\n` + post("four"));
    const bodies: string[] = [];
    for (let count = 0; count < 4; count++) bodies.push((await connection.readResponse()).body.toString());
    expect(bodies).toEqual(["one", "two", "", "four"]);
    expect(connection.surplusBytes).toBe(0);
  });

  test("takes a request byte by byte", async () => {
    using connection = await door.connect();
    const request = `POST /text HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nT: x\r\n\r\n`;
    for (const byte of request) await connection.send(byte);
    expect((await connection.readResponse()).body.toString()).toBe("hello");
  });

  test("ends when the client says close, and says so", async () => {
    using connection = await door.connect();
    await connection.send(`GET /ack HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    expect((await connection.readResponse()).header("Connection")).toBe("close");
    await connection.waitForEnd();
  });

  test("ends when the app's response says close", async () => {
    using connection = await door.connect();
    await connection.send(`POST /refusal HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`);
    const response = await connection.readResponse();
    expect([response.status, response.header("Connection")]).toEqual([400, "close"]);
    await connection.waitForEnd();
  });

  test("answers a client that has closed its side", async () => {
    using connection = await door.connect();
    await connection.send(`POST /text HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`);
    connection.halfClose();
    expect((await connection.readResponse()).body.toString()).toBe("hello");
    await connection.waitForEnd();
  });

  test("answers what it refuses, closes, and never shows the app what follows", async () => {
    using connection = await door.connect();
    await connection.send(
      `POST /text HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /ack HTTP/1.1\r\n${HOST}\r\n`,
    );
    const answer = (await connection.readToEnd()).toString();
    expect(answer).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\nDate: [^\r]+ GMT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/,
    );
  });

  test("is answered, not reset, when a refused client goes on sending", async () => {
    using connection = await door.connect();
    await connection.send("TRACE /pot HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(1_000_000));
    expect((await connection.readToEnd()).toString()).toMatch(/^HTTP\/1\.1 501 /);
  });
});

const headOf = (path: string) =>
  `POST ${path} HTTP/1.1\r\n${HOST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`;

describe("Expect: 100-continue", () => {
  test("is answered when the app first reads", async () => {
    using connection = await door.connect();
    await connection.send(headOf("/text"));
    const waiting = await connection.readResponse({ toHead: true });
    expect(waiting.status).toBe(100);
    await connection.send("hello");
    expect((await connection.readResponse()).body.toString()).toBe("hello");
  });

  test("gets the final answer alone, and the connection's end, when the app does not read", async () => {
    using connection = await door.connect();
    await connection.send(headOf("/ack"));
    const response = await connection.readResponse();
    expect([response.status, response.header("Connection")]).toEqual([200, "close"]);
    await connection.waitForEnd();
  });

  test("is not answered when the body is there already", async () => {
    using connection = await door.connect();
    await connection.send(`${headOf("/text")}hello`);
    expect((await connection.readResponse()).status).toBe(200);
  });

  test("is never answered in the middle of an answer", async () => {
    const bytes = await door.exchange(headOf("/late-read"));
    expect(bytes).toMatch(/^HTTP\/1\.1 200 .*begun \r\n$/s);
    expect(bytes).not.toContain("100 Continue");
  });

  test("another expectation is 417", async () => {
    using connection = await door.connect();
    await connection.send(`POST /text HTTP/1.1\r\n${HOST}Content-Length: 5\r\nExpect: x\r\n\r\n`);
    expect((await connection.readResponse()).status).toBe(417);
  });
});

test("nothing was left uncaught", () => {
  expect(door.noise).toEqual([]);
});
