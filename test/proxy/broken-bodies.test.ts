import { describe, expect, test, vi } from "vitest";
import type { RawConnection } from "../support/raw-connection.ts";
import { DOORS, useBench } from "./support.ts";

const bench = useBench({ BODY_IDLE_TIMEOUT_SECONDS: 1 });
const CHUNKED = ["Host: a.example", "Transfer-Encoding: chunked", "", ""].join("\r\n");
const COUNTED = ["Host: a.example", "Content-Length: 100000", "", "0123456789"].join("\r\n");
const PATIENCE = { timeout: 5_000, interval: 20 };

/** How a client stops in the middle. */
const ENDS: readonly (readonly [string, (connection: RawConnection) => void])[] = [
  ["the client ends its side", (connection) => connection.halfClose()],
  ["the client resets the connection", (connection) => connection.reset()],
  ["the client is gone", (connection) => connection.destroy()],
  ["the client falls silent", () => undefined],
];

let count = 0;

describe.each(DOORS)(
  "An incomplete message is never a complete one at the origin, over the %s door",
  (door) => {
    /** Sends `body` under `head`, and once the origin has the beginning, lets `end` happen. */
    async function breakOff(head: string, end: (connection: RawConnection) => void): Promise<void> {
      const target = `/broken/${door}-${++count}`;
      const connection = await bench().open(door);
      await connection.send(`PUT ${target} HTTP/1.1\r\n${head}`);
      await vi.waitFor(() => expect(bench().origin.to(target)).toHaveLength(1), PATIENCE);
      end(connection);
      await vi.waitFor(() => expect(bench().origin.to(target)[0]?.isLeft).toBe(true), PATIENCE);
      expect(bench().origin.to(target)).toHaveLength(1);
      expect(bench().origin.to(target)[0]?.isWhole).toBe(false);
      const answer = await connection.readToEnd(10_000).catch(() => Buffer.alloc(0));
      expect(answer.toString("latin1")).not.toMatch(/^HTTP\/1\.1 2/);
      connection.destroy();
    }

    test.each(ENDS)("chunked: after one whole chunk %s", async (_what, end) => {
      await breakOff(`${CHUNKED}5\r\nhello\r\n`, end);
    });

    test.each(ENDS)("chunked: inside a chunk %s", async (_what, end) => {
      await breakOff(`${CHUNKED}5\r\nhello\r\n10\r\nonly`, end);
    });

    test.each(ENDS)("counted: after ten bytes of 100,000 %s", async (_what, end) => {
      await breakOff(COUNTED, end);
    });

    const malformed: [string, string][] = [
      ["a size with a sign", "+1\r\nx\r\n0\r\n\r\n"],
      ["a size with a prefix", "0x1\r\nx\r\n0\r\n\r\n"],
      ["data without its CRLF", "1\r\nx0\r\n\r\n"],
      ["a negative size", "-1\r\nx\r\n0\r\n\r\n"],
      ["no size at all", "\r\nx\r\n0\r\n\r\n"],
      ["a size too large for anybody", "fffffffffffffffff\r\nx\r\n0\r\n\r\n"],
    ];
    // The runtime's own server, which is the HTTP door's, forgives the space and passes on a chunk of its own.
    if (door === "tcp") malformed.push(["a size with a space", "1 \r\nx\r\n0\r\n\r\n"]);
    test.each(malformed)("chunked: after one whole chunk comes %s", async (_what, rest) => {
      await breakOff(CHUNKED + "5\r\nhello\r\n", (connection) => void connection.send(rest));
    });
  },
);

describe.each(DOORS)(
  "A client that leaves while the origin thinks ends the origin's request, over the %s door",
  (door) => {
    // The runtime's own server does not look for a client's FIN; there the limit on the origin's silence counts.
    const ends = door === "tcp" ? (["reset", "destroy"] as const) : (["reset"] as const);
    test.each(
      ends.flatMap((end) => [
        ["GET", "", end] as const,
        ["PUT", "Content-Length: 3\r\n", end] as const,
        ["DELETE", "", end] as const,
      ]),
    )("%s %s%s", async (method, field, end) => {
      const target = `/thinks/${door}-${++count}`;
      bench().origin.answer = () => null;
      const connection = await bench().open(door);
      await connection.send(
        `${method} ${target} HTTP/1.1\r\nHost: a.example\r\n${field}\r\n${field && "abc"}`,
      );
      await vi.waitFor(() => expect(bench().origin.to(target)[0]?.isWhole).toBe(true), PATIENCE);
      connection[end]();
      await vi.waitFor(() => expect(bench().origin.to(target)[0]?.isLeft).toBe(true), PATIENCE);
    });

    test.each(ends)("in the middle of an answer: %s", async (end) => {
      const target = `/answers/${door}-${++count}`;
      bench().origin.answer = () => "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbeginning";
      const connection = await bench().open(door);
      await connection.send(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
      await vi.waitFor(() => expect(connection.surplusBytes).toBeGreaterThan(0), PATIENCE);
      connection[end]();
      await vi.waitFor(() => expect(bench().origin.to(target)[0]?.isLeft).toBe(true), PATIENCE);
    });

    test("and one that sends its next request meanwhile gets both answers", async () => {
      const target = `/pipelined/${door}-${++count}`;
      bench().origin.answer = () => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
      using connection = await bench().open(door);
      const request = `GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`;
      await connection.send(request);
      await connection.send(request + request);
      for (let turn = 0; turn < 3; turn++)
        expect((await connection.readResponse()).body.toString()).toBe("ok");
    });
  },
);
