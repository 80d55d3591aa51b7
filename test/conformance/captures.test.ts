import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseResponseHead } from "../support/http-response.ts";
import { ISSUED_ID } from "./expect-ack.ts";
import { useBench } from "./support.ts";

const FIXTURES = join(import.meta.dirname, "..", "fixtures", "upload");
const TARGET = "/upload/2000mb-rfc2119.txt";
const CAPTURED_ID = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";

/**
 * What our Acks say otherwise than IIS 6.0's, and why. Header names are compared without case (RFC 9110
 * section 5.1): the runtime writes them in lower case.
 */
const DIFFERENCES = {
  /** IIS announced its product and version; we announce none. */
  absent: ["server"],
  /** Always other: a time, and an id of our own. */
  values: ["date", "bits-session-id"],
  /** On the Acks of Fragment and Close-Session too: [MC-BUP] 2.2.1.2 has it on every 200, IIS left it out (ruling 3). */
  added: ["bits-session-id"],
};

const bench = useBench({ directories: [{ path: "/upload/" }] });

/** A capture's packets, each with its request's files and its Ack's. */
const CONVERSATION = [
  ["Create-Session", ["01-create-session-request-from-the-client"], "02-ack-response-from-the-server"],
  [
    "Fragment",
    ["03-fragment-request-from-the-client-head", "04-fragment-request-from-the-client-body"],
    "05-ack-response-from-the-server",
  ],
  ["Ping", ["06-ping-request-from-the-client"], "07-ack-response-from-the-server"],
  ["Close-Session", ["08-close-session-request-from-the-client"], "09-ack-response-from-the-server"],
] as const;

const ECHOED: ReadonlySet<string> = new Set(["Fragment", "Close-Session"]);

describe("a captured upload, replayed byte for byte on one connection ([MC-BUP] 4.1)", () => {
  it("gets IIS's Acks, and the file is at the origin", async () => {
    using connection = await bench().open();
    let sessionId = "";
    for (const [packet, requests, ack] of CONVERSATION) {
      for (const request of requests) {
        const bytes = await readCapture(request);
        // Latin-1 there and back keeps every byte; the id is as long as the one it replaces.
        const own = Buffer.from(bytes.toString("latin1").replace(CAPTURED_ID, sessionId), "latin1");
        expect(own.length, "nothing but the id was changed").toBe(bytes.length);
        await connection.send(own);
        if (packet === "Create-Session") sessionId = CAPTURED_ID;
      }
      const ours = await connection.readResponse();
      const theirs = parseResponseHead(await readCapture(ack));

      expect([packet, ours.version, ours.status, ours.reason]).toEqual([packet, "HTTP/1.1", 200, "OK"]);
      expect([packet, theirs.version, theirs.status, theirs.reason]).toEqual([packet, "HTTP/1.1", 200, "OK"]);
      expect(fieldsOf(ours.headers, DIFFERENCES.values), packet).toEqual(expectedFields(packet, theirs));
      expect(ours.body.length, packet).toBe(0);

      if (packet === "Create-Session") {
        sessionId = ours.header("BITS-Session-Id") ?? "";
        expect(sessionId).toMatch(ISSUED_ID);
        expect(sessionId.length).toBe(CAPTURED_ID.length);
      } else {
        expect(ours.header("BITS-Session-Id"), packet).toBe(ECHOED.has(packet) ? sessionId : undefined);
      }
    }
    expect(connection.surplusBytes).toBe(0);
    const body = await readCapture("04-fragment-request-from-the-client-body");
    await bench().expectPublished(TARGET, body);
    expect(bench().commitsOf(TARGET)).toHaveLength(1);
  });

  it("tells the application the URL that the client used (Win32, notification protocol)", async () => {
    const [commit] = bench().commitsOf(TARGET);
    expect(commit?.headers["bits-original-request-url"]).toBe(`http://frankcao8${TARGET}`);
  });
});

async function readCapture(name: string): Promise<Buffer> {
  return readFile(join(FIXTURES, `${name}.bin`));
}

type Fields = readonly (readonly [string, string])[];

/** Names and values, sorted: the order of different names says nothing (RFC 9110 section 5.3). */
function fieldsOf(headers: Fields, masked: readonly string[]): string[] {
  return headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .map(([name, value]) => `${name}: ${masked.includes(name) ? "*" : value}`)
    .toSorted();
}

function expectedFields(packet: string, theirs: { headers: Fields }): string[] {
  const kept = theirs.headers.filter(([name]) => !DIFFERENCES.absent.includes(name.toLowerCase()));
  const added = ECHOED.has(packet) ? DIFFERENCES.added.map((name): [string, string] => [name, ""]) : [];
  return fieldsOf([...kept, ...added], DIFFERENCES.values);
}
