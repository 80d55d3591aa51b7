import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";
import { eventually } from "../support/eventually.ts";
import { ConnectionLost, type RawConnection } from "../support/raw-connection.ts";
import { useBench } from "./support.ts";

/** How long the edge waits, in the time of an edge whose timers are a hundred times faster. */
const PATIENCE_MS = 270_000 / 100;

const bench = useBench(
  { ANSWER_IDLE_TIMEOUT_SECONDS: 270 },
  [],
  join(PROJECT, "test", "proxy", "hurried-edge.ts"),
);

/** Sends a request to the HTTP door, and waits until the origin has all of it. */
async function ask(target: string, method = "GET"): Promise<RawConnection> {
  const connection = await bench().open("http");
  const field = method === "POST" ? "Content-Length: 3\r\n" : "";
  await connection.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n${field}\r\n${field && "abc"}`);
  await eventually(() => expect(bench().origin.to(target)[0]?.isWhole).toBe(true));
  return connection;
}

/** The runtime's own server tells nobody of a FIN: not the request's signal, and not by ending what was begun. */
test("an origin that says nothing has 270 seconds, whether the HTTP door's client stays or has left with FIN", async () => {
  bench().origin.answer = () => null;
  const began = performance.now();
  const [staying, left, leftAfterContent] = await Promise.all([
    ask("/stays"),
    ask("/leaves/get"),
    ask("/leaves/post", "POST"),
  ]);
  left.destroy();
  leftAfterContent.destroy();
  expect((await staying.readResponse()).status).toBe(504);
  expect(performance.now() - began).toBeGreaterThan(PATIENCE_MS * 0.99);
  await eventually(() => expect(bench().origin.requests.map(({ isLeft }) => isLeft)).not.toContain(false));
  staying.destroy();
});

test("a client that leaves the HTTP door with FIN inside an answer is missed at the origin's next byte", async () => {
  bench().origin.answer = () => "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbeginning";
  const connection = await ask("/answers");
  await eventually(() => expect(connection.surplusBytes).toBeGreaterThan(0));
  connection.destroy();
  await connection.waitForClose();
  await eventually(() => {
    bench().origin.to("/answers")[0]?.say(".");
    expect(bench().origin.to("/answers")[0]?.isLeft).toBe(true);
  });
});

test.each([
  ["that has a length", "Content-Length: 1000000\r\n\r\nbeginning"],
  ["in chunks", "Transfer-Encoding: chunked\r\n\r\n9\r\nbeginning\r\n"],
])(
  "an origin that falls silent inside an answer %s has 270 seconds too, and no answer ends as if it were whole",
  async (_, answer) => {
    bench().origin.answer = () => `HTTP/1.1 200 OK\r\n${answer}`;
    const began = performance.now();
    const [staying, left] = await Promise.all([
      ask(`/stays/${answer.length}`),
      ask(`/leaves/${answer.length}`),
    ]);
    await eventually(() => expect(staying.surplusBytes * left.surplusBytes).toBeGreaterThan(0));
    left.destroy();
    await expect(staying.readResponse()).rejects.toThrow(ConnectionLost);
    expect(performance.now() - began).toBeGreaterThan(PATIENCE_MS * 0.99);
    await eventually(() => expect(bench().origin.requests.map(({ isLeft }) => isLeft)).not.toContain(false));
  },
);
