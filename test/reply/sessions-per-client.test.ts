import { describe, expect, it } from "vitest";
import type { Door, Upload } from "../conformance/support.ts";
import { CREATED, expectAck, INVALID, ofApplication } from "../conformance/expect-ack.ts";
import { type Ack, createSession } from "../support/bits-client.ts";
import { expectReplyUrl, useStage } from "./support.ts";
import { eventually } from "../support/eventually.ts";

const TOO_MANY = { status: 503, code: "0x801901F7", context: "0x5" } as const;

/** How a session may end. Each has a directory of its own, so that no other's sessions are in its way. */
const ENDS: readonly (readonly [
  end: string,
  kind: "put" | "told" | "reply",
  end: (upload: Upload) => Promise<unknown>,
])[] = [
  ["Cancel-Session before a byte", "put", async (upload) => expectAck(await upload.cancel(), upload.done)],
  [
    "Cancel-Session in the middle",
    "put",
    async (upload) => {
      await upload.send(0, 5);
      expectAck(await upload.cancel(), upload.done);
    },
  ],
  [
    "Close-Session",
    "put",
    async (upload) => {
      await upload.send();
      expectAck(await upload.close(), upload.done);
    },
  ],
  [
    "Close-Session before a byte",
    "put",
    async (upload) => expectAck(await upload.close(), { ...INVALID, ...upload.done }),
  ],
  [
    "Close-Session too early",
    "put",
    async (upload) => {
      await upload.send(0, 5);
      expectAck(await upload.close(), { ...INVALID, ...upload.done });
    },
  ],
  [
    "a digest that is wrong",
    "put",
    async (upload) => {
      await upload.send(0, 10, {
        headers: { "Repr-Digest": `sha-256=:${Buffer.alloc(32).toString("base64")}:` },
      });
      expectAck(await upload.close(), { ...INVALID, ...upload.done });
    },
  ],
  [
    "Close-Session, with an application that takes it the second time",
    "told",
    async (upload) => {
      stage().application.answer(upload.target, { status: 500 }, {});
      await upload.send();
      expectAck(await upload.close(), { ...ofApplication(500), ...upload.done });
      expectAck(await create(directoryOf(upload)), TOO_MANY);
      expectAck(await upload.close(), upload.done);
    },
  ],
  [
    "Close-Session after the reply",
    "reply",
    async (upload) => {
      expectReplyUrl(await upload.send(), upload);
      expectAck(await create(directoryOf(upload)), TOO_MANY);
      expectAck(await upload.close(), upload.done);
    },
  ],
  [
    "Close-Session that publishes",
    "reply",
    async (upload) => {
      const { application } = stage();
      application.answer(upload.target, { headers: { "BITS-Copy-File-To-Destination": "1" } });
      expectReplyUrl(await upload.send(), upload);
      expectAck(await upload.close(), upload.done);
    },
  ],
  [
    "Cancel-Session after the reply",
    "reply",
    async (upload) => {
      expectReplyUrl(await upload.send(), upload);
      expectAck(await upload.cancel(), upload.done);
    },
  ],
];

const stage = useStage((application) => {
  const told = { notification: "by-value", notification_url: application.url } as const;
  const kinds = { put: {}, told, reply: { ...told, reply: true } } as const;
  const own = (path: string) => ({ path, maximum_sessions_per_client: 2 });
  return {
    directories: [
      ...ENDS.map(([, kind], index) => ({ ...own(`/end-${index}/`), ...kinds[kind] })),
      ...["/one/", "/other/", "/dies/", "/doors/"].map(own),
      { ...own("/brief/"), session_timeout_seconds: 4 },
    ],
    vars: { TRUSTED_PROXIES: ["127.0.0.0/8"] },
  };
});

const directoryOf = ({ target }: Upload): string => target.replace(/[^/]+$/, "");

async function create(
  directory: string,
  headers: Readonly<Record<string, string>> = {},
  door: Door = "tcp",
): Promise<Ack> {
  const { bench } = stage();
  using connection = await bench.open(door);
  const verb = door === "tcp" ? "BITS_POST" : "POST";
  return await createSession(connection, bench.target(directory), { verb, headers });
}

/** Two sessions, which are all that there may be. */
async function fill(directory: string): Promise<[Upload, Upload]> {
  const { bench } = stage();
  const uploads: [Upload, Upload] = [
    await bench.begin(10, { directory }),
    await bench.begin(10, { directory }),
  ];
  expectAck(await create(directory), TOO_MANY);
  return uploads;
}

/** The place of a session that ended is free soon after it: nobody waits for the count. */
async function expectPlace(directory: string): Promise<void> {
  await eventually(async () => expectAck(await create(directory), CREATED));
}

describe("maximum_sessions_per_client: 503 at Create-Session for the next", () => {
  it.each(ENDS.map(([name, , end], index) => [name, `/end-${index}/`, end] as const))(
    "%s frees a place, and one only",
    async (_, directory, end) => {
      const [first, second] = await fill(directory);
      await end(first);
      await expectPlace(directory);
      expectAck(await create(directory), TOO_MANY);
      // Those that are there go on.
      expectAck(await second.send(0, 5), { sessionId: second.sessionId, offset: 5 });
      first[Symbol.dispose]();
      second[Symbol.dispose]();
    },
  );

  it("counts for each directory by itself", async () => {
    await fill("/one/");
    await fill("/other/");
  });

  it("survives the edge's death", async () => {
    const { bench } = stage();
    const [first] = await fill("/dies/");
    await bench.edge.kill();
    await bench.edge.restart();
    expectAck(await create("/dies/"), TOO_MANY);
    using connection = await bench.open();
    expectAck(await first.cancel(connection), first.done);
    await expectPlace("/dies/");
  });

  it("counts for each client by itself, whichever door it comes through", async () => {
    for (const [client, doors] of [
      ["198.51.100.1", ["tcp", "http"]],
      ["198.51.100.2", ["http", "http"]],
      ["2001:db8::1", ["http", "tcp"]],
    ] as const) {
      const headers = { "X-Forwarded-For": client };
      for (const door of doors) expectAck(await create("/doors/", headers, door), CREATED);
      for (const door of doors) expectAck(await create("/doors/", headers, door), TOO_MANY);
    }
    // One without a gateway before it.
    await fill("/doors/");
  });

  it("forgets sessions whose time is over", async () => {
    const { bench } = stage();
    const [first, second] = await fill("/brief/");
    for (const upload of [first, second]) expect((await upload.send(0, 5)).status).toBe(200);
    await expectPlace("/brief/");
    await bench.untilLogged("expired", first);
  });
});
