import { describe, expect, test } from "vitest";
import { sendResponse } from "../../src/ingress/send-response.ts";

const NOW = new Date("2026-11-22T20:00:00Z");
const DATE = "Date: Sun, 22 Nov 2026 20:00:00 GMT\r\n";

/** The writes a response makes, each as text. */
async function writesOf(response: Response, method = "GET"): Promise<string[]> {
  const writes: string[] = [];
  const sink = {
    async write(bytes: Uint8Array) {
      writes.push(Buffer.from(bytes).toString("latin1"));
    },
  };
  await sendResponse(sink, response, method, false, NOW);
  return writes;
}

/** A body that gives `parts`, one in each turn of the event loop; an error where a part is one. */
function inTurns(parts: readonly (string | Error)[]): ReadableStream<Uint8Array> {
  const left = [...parts];
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const part = left.shift();
      if (part === undefined) controller.close();
      else if (part instanceof Error) controller.error(part);
      else controller.enqueue(Buffer.from(part));
    },
  });
}

describe("one write, one packet", () => {
  test("an ack", async () => {
    const ack = new Response(null, { headers: { "BITS-Packet-Type": "Ack", "Content-Length": "0" } });
    expect(await writesOf(ack)).toEqual([
      `HTTP/1.1 200 OK\r\nbits-packet-type: Ack\r\n${DATE}Content-Length: 0\r\n\r\n`,
    ]);
  });

  test("a body that is there", async () => {
    const [written, ...more] = await writesOf(new Response("hello", { status: 404 }));
    expect(written).toMatch(/^HTTP\/1\.1 404 Not Found\r\n.*Content-Length: 5\r\n\r\nhello$/s);
    expect(more).toEqual([]);
  });

  test("an empty body", async () => {
    const [written] = await writesOf(new Response(""));
    expect(written).toMatch(/Content-Length: 0\r\n\r\n$/);
  });
});

describe("a body that takes its time", () => {
  test("does not hold up the head, and is chunked", async () => {
    expect(await writesOf(new Response(inTurns(["ab", "cde"])))).toEqual([
      `HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n`,
      "2\r\nab\r\n",
      "3\r\ncde\r\n",
      "0\r\n\r\n",
    ]);
  });

  test("keeps the length the app stated", async () => {
    const headers = { "Content-Length": "5" };
    expect((await writesOf(new Response(inTurns(["ab", "cde"]), { headers }))).join("")).toBe(
      `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 5\r\n\r\nabcde`,
    );
  });

  test("throws when it fails, is longer or shorter than stated, and never writes more than stated", async () => {
    const headers = { "Content-Length": "4" };
    await expect(writesOf(new Response(inTurns(["ab", new Error("no")])))).rejects.toThrow("no");
    await expect(writesOf(new Response(inTurns(["ab"]), { headers }))).rejects.toThrow("shorter");
    await expect(writesOf(new Response(inTurns(["ab", "cde"]), { headers }))).rejects.toThrow("longer");
    await expect(writesOf(new Response("abcde", { headers }))).rejects.toThrow("longer");
    await expect(writesOf(new Response(null, { headers }))).rejects.toThrow("no body");
  });
});

describe("no content", () => {
  test.each([
    ["HEAD", new Response("hello"), "Content-Length: 5"],
    ["HEAD", new Response(null, { headers: { "Content-Length": "7" } }), "Content-Length: 7"],
    ["GET", new Response(null, { status: 304, headers: { "Content-Length": "7" } }), "Content-Length: 7"],
  ])("%s %#: the length that GET would have", async (method, response, expected) => {
    const writes = await writesOf(response, method);
    expect(writes.join("")).toMatch(new RegExp(`${expected}\r\n\r\n$`));
  });

  test.each([
    ["HEAD of a stream", "HEAD", () => new Response(inTurns(["a"]))],
    ["HEAD without a body", "HEAD", () => new Response(null)],
    ["204", "GET", () => new Response(null, { status: 204, headers: { "Content-Length": "0" } })],
    ["304", "GET", () => new Response(null, { status: 304 })],
  ])("%s: no length", async (_name, method, make) => {
    const writes = await writesOf(make(), method);
    expect(writes).toHaveLength(1);
    expect(writes[0]).not.toMatch(/content-length|transfer-encoding/i);
    expect(writes[0]).toMatch(/\r\n\r\n$/);
  });

  test("a status that is not final is no answer", async () => {
    await expect(writesOf(Response.error())).rejects.toThrow("not final");
  });
});
