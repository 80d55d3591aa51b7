import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpResponse } from "../support/http-response.ts";
import { type Door, startDoor } from "./support/start-door.ts";

const HOST = "Host: edge.example\r\n";
let door: Door;
beforeAll(async () => {
  door = await startDoor();
});
afterAll(() => door.stop());

/** Asks on a connection of its own, then asks for another thing there: true if that was answered. */
async function ask(method: string, path: string): Promise<{ response: HttpResponse; goesOn: boolean }> {
  using connection = await door.connect();
  await connection.send(`${method} ${path} HTTP/1.1\r\n${HOST}\r\n`);
  const response = await connection.readResponse({ toHead: method === "HEAD" || hasNoContent(path) });
  await connection.send(`GET /ack HTTP/1.1\r\n${HOST}\r\n`).catch(() => {});
  const goesOn = await connection.readResponse().then(
    ({ status }) => status === 200,
    () => false,
  );
  return { response, goesOn };
}

function hasNoContent(path: string): boolean {
  return path === "/no-content" || path === "/not-modified";
}

/** All bytes of the answer, the connection being closed after it. */
function bytesOf(path: string, fields = ""): Promise<string> {
  return door.exchange(`GET ${path} HTTP/1.1\r\n${HOST}${fields}Connection: close\r\n\r\n`);
}

const namesOf = ({ headers }: HttpResponse): string[] => headers.map(([name]) => name.toLowerCase());

describe("framing", () => {
  test("an ack carries exactly one Content-Length, zero, and no body", async () => {
    const { response, goesOn } = await ask("GET", "/ack");
    expect(response.headers).toEqual([
      ["bits-packet-type", "Ack"],
      ["Date", expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)],
      ["Content-Length", "0"],
    ]);
    expect(goesOn).toBe(true);
  });

  test("a body in memory has a length, one of the app's making is chunked", async () => {
    const text = await ask("POST", "/arrival");
    expect(text.response.header("Content-Length")).toBe(String(text.response.body.byteLength));
    const streamed = await ask("GET", "/stream");
    expect(namesOf(streamed.response)).toContain("transfer-encoding");
    expect(namesOf(streamed.response)).not.toContain("content-length");
    expect(streamed.response.body.toString()).toBe("part 0 part 1 part 2 part 3 part 4 ");
    expect([text.goesOn, streamed.goesOn]).toEqual([true, true]);
  });

  test("a large body arrives whole", async () => {
    const { response, goesOn } = await ask("GET", "/large");
    expect(response.body.equals(Buffer.alloc(8 * 1024 * 1024, 7))).toBe(true);
    expect(goesOn).toBe(true);
  });

  test("HEAD has GET's headers and no body", async () => {
    const head = await ask("HEAD", "/arrival");
    expect(head.response.status).toBe(200);
    expect(Number(head.response.header("Content-Length"))).toBeGreaterThan(0);
    expect(head.goesOn).toBe(true);
    expect((await ask("HEAD", "/stream")).goesOn).toBe(true);
  });

  test("204 and 304 have neither length nor body", async () => {
    for (const path of ["/no-content", "/not-modified"]) {
      const { response, goesOn } = await ask("GET", path);
      expect(namesOf(response)).not.toContain("content-length");
      expect(namesOf(response)).not.toContain("transfer-encoding");
      expect(goesOn).toBe(true);
    }
  });

  test("the connection's own fields are dropped, Set-Cookie stays apart", async () => {
    const { response } = await ask("GET", "/cookies");
    expect(response.headers.filter(([name]) => name.toLowerCase() === "set-cookie")).toEqual([
      ["set-cookie", "a=1; Expires=Sun, 01 Jan 2040 00:00:00 GMT"],
      ["set-cookie", "b=2"],
    ]);
    expect(namesOf(response)).toContain("x-kept");
    for (const name of ["keep-alive", "x-named", "connection"]) expect(namesOf(response)).not.toContain(name);
  });
});

describe("a response that cannot be kept", () => {
  test.each([
    ["a chunked body that fails has no last chunk", "/broken-stream", /part 2 \r\n$/],
    ["a body shorter than its length ends short", "/too-short", /Content-Length: 100\r\n\r\npart 0 $/],
    ["a body longer than its length is cut off", "/too-long", /Content-Length: 10\r\n\r\npart 0 $/],
  ])("%s", async (_name, path, expected) => {
    const bytes = await door.exchange(`GET ${path} HTTP/1.1\r\n${HOST}\r\nGET /ack HTTP/1.1\r\n${HOST}\r\n`);
    expect(bytes).toMatch(expected);
    expect(bytes).not.toContain("Ack");
  });

  test.each(["/throw", "/reject", "/nothing", "/broken-at-once"])(
    "%s: a bare 500, the connection's end, one line for the operator",
    async (path) => {
      const before = door.events("door-error").length;
      const bytes = await bytesOf(path);
      expect(bytes).toMatch(
        /^HTTP\/1\.1 500 Internal Server Error\r\nDate: [^\r]+\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/,
      );
      expect(door.events("door-error").slice(before)).toEqual([
        { at: expect.any(String), event: "door-error", method: "GET", path, message: expect.any(String) },
      ]);
    },
  );

  test.each(["0", "1", "2", "3"])(
    "no header of the app's splits the response (attempt %s)",
    async (attempt) => {
      const bytes = await bytesOf("/inject", `X-Attempt: ${attempt}\r\n`);
      expect(bytes).not.toMatch(/^X-Injected/m);
      expect(bytes.match(/HTTP\/1\.1/g)).toHaveLength(1);
    },
  );
});

test("nothing was left uncaught", () => {
  expect(door.noise).toEqual([]);
});
