import { describe, expect, it } from "vitest";
import { CREATED, expectAck, FORBIDDEN } from "../support/expect-ack.ts";
import { type Ack, closeSession, createSession, fragment } from "../support/bits-client.ts";
import { eventually } from "../support/eventually.ts";
import { binaryHeader, ipv6Block } from "../support/proxy-header.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { useBench } from "./support.ts";

const directories = [
  { path: "/theirs/", allow_from: ["198.51.100.0/24"] },
  { path: "/proxies/", allow_from: ["127.0.0.0/8"] },
  { path: "/one-each/", maximum_sessions_per_client: 1 },
];
const PROXY_PROTOCOL = true;
const bench = useBench({ directories, vars: { TRUSTED_PROXIES: ["127.0.0.0/8"], PROXY_PROTOCOL } });
const stranger = useBench({ directories, vars: { TRUSTED_PROXIES: ["192.0.2.1/32"], PROXY_PROTOCOL } });

const lineOf = (address: string): string => `PROXY TCP4 ${address} 192.0.2.1 51234 80\r\n`;
const MAPPED = binaryHeader({
  family: 0x21,
  block: ipv6Block([0, 0, 0, 0, 0, 0xffff, 0xc633, 0x6407]),
});

/** Create-Session on a connection that a proxy has announced. */
async function announced<T>(
  header: string | Uint8Array,
  use: (connection: RawConnection) => Promise<T>,
): Promise<T> {
  using connection = await bench().open("tcp");
  await connection.send(header);
  return await use(connection);
}

const create = async (header: string | Uint8Array, directory: string, headers = {}): Promise<Ack> =>
  announced(header, async (connection) => createSession(connection, bench().target(directory), { headers }));

describe("PROXY_PROTOCOL, of a proxy in TRUSTED_PROXIES", () => {
  it.each([
    ["a client of the range", lineOf("198.51.100.7"), CREATED, FORBIDDEN],
    ["… in IPv6's clothes", MAPPED, CREATED, FORBIDDEN],
    ["a client of another range", lineOf("203.0.113.9"), FORBIDDEN, FORBIDDEN],
    ["a client in the proxies' own range", lineOf("127.0.0.9"), FORBIDDEN, CREATED],
    ["a client whom the proxy cannot name", "PROXY UNKNOWN\r\n", FORBIDDEN, FORBIDDEN],
  ])("decides allow_from: %s", async (_, header, ofTheirs, ofProxies) => {
    expectAck(await create(header, "/theirs/"), ofTheirs);
    expectAck(await create(header, "/proxies/"), ofProxies);
  });

  it("makes a client's own X-Forwarded-For its invention again", async () => {
    const headers = { "X-Forwarded-For": "198.51.100.7" };
    expectAck(await create(lineOf("203.0.113.9"), "/theirs/", headers), FORBIDDEN);
  });

  it("believes a gateway's X-Forwarded-For behind the proxy", async () => {
    const headers = { "X-Forwarded-For": "198.51.100.7" };
    expectAck(await create(lineOf("127.0.0.9"), "/theirs/", headers), CREATED);
  });

  it("is whom the log and the origin are told, for an upload and for what is passed through", async () => {
    const target = bench().target();
    await announced(lineOf("198.51.100.7"), async (connection) => {
      const { sessionId = "" } = await createSession(connection, target);
      await fragment(connection, target, { sessionId, first: 0, total: 5, bytes: "hello" });
      expect((await closeSession(connection, target, sessionId)).status).toBe(200);
      await connection.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect((await connection.readResponse()).body.toString()).toBe("hello");
    });
    for (const method of ["PUT", "GET"]) {
      const seen = bench()
        .origin.of(method)
        .find(({ url }) => url === target);
      expect([method, seen?.headers["x-forwarded-for"]]).toEqual([method, "198.51.100.7"]);
    }
    await eventually(() => {
      const created = bench().edge.logs.find(
        ({ json, text }) => json !== undefined && text.includes('"created"') && text.includes(target),
      );
      expect(created?.json).toMatchObject({ client: "198.51.100.7" });
    });
  });

  it("is who has the sessions that are counted", async () => {
    for (const address of ["198.51.100.1", "198.51.100.2"])
      expectAck(await create(lineOf(address), "/one-each/"), CREATED);
    expect((await create(lineOf("198.51.100.1"), "/one-each/")).status).toBe(503);
  });

  it("is required: a request without a header is 400, and no Ack", async () => {
    using connection = await bench().open("tcp");
    const ack = await createSession(connection, bench().target("/proxies/"));
    expect([ack.status, ack.response.header("BITS-Packet-Type")]).toEqual([400, undefined]);
  });

  it("leaves the HTTP door alone, where the proxy's address is the client's", async () => {
    using connection = await bench().open("http");
    const ack = await createSession(connection, bench().target("/proxies/"), { verb: "POST" });
    expectAck(ack, CREATED);
  });
});

describe("PROXY_PROTOCOL, of anybody else", () => {
  it("serves as ever, and believes no header", async () => {
    using plain = await stranger().open("tcp");
    expectAck(await createSession(plain, stranger().target("/proxies/")), CREATED);
    for (const header of [lineOf("198.51.100.7"), binaryHeader()]) {
      using connection = await stranger().open("tcp");
      await connection.send(header);
      expect((await createSession(connection, stranger().target("/theirs/"))).status).toBe(400);
    }
  });
});
