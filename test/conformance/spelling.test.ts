import { afterAll, beforeAll, expect, test } from "vitest";
import { createSession, fragment } from "../support/bits-client.ts";
import { Bench } from "./support.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(async () => bench.stop());

test("Acks over the TCP door are spelt and ordered as IIS's are ([MC-BUP] 4.1)", async () => {
  using connection = await bench.open("tcp");
  const target = bench.target();
  const created = await createSession(connection, target);
  const names = ({ response }: typeof created) => response.headers.map(([name]) => name);
  expect(names(created)).toEqual([
    "Pragma",
    "BITS-Packet-Type",
    "BITS-Protocol",
    "BITS-Session-Id",
    "Accept-Encoding",
    "Date",
    "Content-Length",
  ]);
  const gap = { sessionId: created.sessionId ?? "", first: 5, total: 10, bytes: "56789" };
  expect(names(await fragment(connection, target, gap))).toEqual([
    "Pragma",
    "BITS-Packet-Type",
    "BITS-Session-Id",
    "BITS-Received-Content-Range",
    "Date",
    "Content-Length",
  ]);
});
