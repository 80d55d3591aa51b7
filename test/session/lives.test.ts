import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type DirectoryKind,
  Model,
  type OriginMood,
  type Said,
  SessionModel,
} from "../conformance-model/model.ts";
import { commitsOf, Conversation, entityOf, storedAt } from "./packets.ts";
import { alarmOf, storedOf } from "./stored-session.ts";

const DIRECTORIES: readonly DirectoryKind[] = [
  { path: "/uploads/", by: "PUT", on: "Close-Session", replies: false },
  { path: "/notify/", by: "POST", on: "Close-Session", replies: false },
  { path: "/reply/", by: "POST", on: "last Fragment", replies: true },
];
/** What the origin does all the time, and what a destination's query says for it. */
const MOODS = { accepts: "", full: "?answer=507", forbids: "?answer=403" } as const satisfies Partial<
  Record<OriginMood, string>
>;
const SIZE = 3000;

/** What becomes of the object before a packet: it stays in memory, or the runtime takes it out. */
const LIVES = {
  "goes on": async () => {},
  evicted: async ({ object }: Conversation) => {
    await runInDurableObject(object, () => {}); // only one that is there can be evicted
    await evictDurableObject(object);
  },
} satisfies Record<string, (of: Conversation) => Promise<void>>;

type Packet =
  | { readonly type: "Fragment"; readonly first: number; readonly end: number }
  | { readonly type: "Close-Session" | "Cancel-Session" };

interface Step {
  readonly life: keyof typeof LIVES;
  readonly packet: Packet;
}

function arbitraryStep(): fc.Arbitrary<Step> {
  const life = fc.constantFrom(...(Object.keys(LIVES) as (keyof typeof LIVES)[]));
  // Coarse places, so that Fragments often follow one another, and sometimes overlap or leave a gap.
  const place = fc.integer({ min: 0, max: 6 }).map((sixth) => (sixth * SIZE) / 6);
  const fragment = fc
    .tuple(place, place)
    .filter(([one, other]) => one !== other)
    .map(([one, other]): Packet => ({
      type: "Fragment",
      first: Math.min(one, other),
      end: Math.max(one, other),
    }));
  const packet = fc.oneof(
    { weight: 8, arbitrary: fragment },
    { weight: 8, arbitrary: fc.constant<Packet>({ type: "Fragment", first: 0, end: SIZE }) },
    { weight: 5, arbitrary: fc.constant<Packet>({ type: "Close-Session" }) },
    { weight: 1, arbitrary: fc.constant<Packet>({ type: "Cancel-Session" }) },
  );
  return fc.record({ life, packet });
}

test(
  "any sequence of packets is answered as the table says, evicted between them or not",
  { timeout: 300_000 },
  async () => {
    let runs = 0;
    const directories = fc.constantFrom(...DIRECTORIES);
    const moods = fc.constantFrom(...(Object.keys(MOODS) as (keyof typeof MOODS)[]));
    const steps = fc.array(arbitraryStep(), { minLength: 4, maxLength: 16, size: "max" });
    await fc.assert(
      fc.asyncProperty(directories, moods, steps, async (directory, mood, sequence) => {
        runs += 1;
        const model = new Model(directory);
        model.mood = mood;
        const session = new SessionModel(model, SIZE);
        const entity = entityOf(SIZE);
        entity[0] = runs % 251;
        // From somewhere else each time: one address may not create as many sessions.
        const from = { "CF-Connecting-IP": `192.0.2.${runs}` };
        const upload = await Conversation.begin(`${directory.path}lives-${runs}.bin${MOODS[mood]}`, from);
        for (const { life, packet } of sequence) {
          await LIVES[life](upload);
          expect(said(await send(upload, packet, entity))).toEqual(expectedOf(session, packet));
        }
        await LIVES.evicted(upload);
        await expectSameEnd(upload, session, model.published === session ? entity : null);
      }),
      { numRuns: 150, seed: 1 },
    );
    expect(runs).toBe(150);
  },
);

test("eviction waits for a commit that runs", async () => {
  const destination = "/uploads/evicted-in-commit.bin?slow=500";
  const upload = await Conversation.begin(destination);
  await upload.fragment(entityOf(SIZE));
  const closing = upload.close();
  await expect.poll(async () => (await storedOf(upload)).record?.state).toBe("committing");
  await evictDurableObject(upload.object);
  expect((await storedOf(upload)).record?.state).toBe("committed");
  expect((await closing).status).toBe(200);
  expect((await upload.close()).status).toBe(200);
  expect(await commitsOf(destination)).toHaveLength(1);
});

async function send(
  upload: Conversation,
  packet: Packet,
  entity: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  if (packet.type !== "Fragment") return await upload.send(packet.type);
  return await upload.fragment(entity, packet.first, packet.end);
}

function expectedOf(session: SessionModel, packet: Packet): Said {
  switch (packet.type) {
    case "Fragment":
      return session.fragment(packet.first, packet.end - packet.first, SIZE);
    case "Close-Session":
      return session.close();
    case "Cancel-Session":
      return session.cancel();
  }
}

/** What an Ack says, in the model's words. */
function said({ status, headers }: Response): Said {
  const code = headers.get("BITS-Error-Code");
  const context = headers.get("BITS-Error-Context");
  const offset = headers.get("BITS-Received-Content-Range");
  return {
    status,
    ...(code === null ? {} : { code }),
    ...(context === null ? {} : { context }),
    ...(offset === null ? {} : { offset: Number(offset) }),
    ...(headers.has("BITS-Reply-URL") ? { reply: true as const } : {}),
  };
}

/** What is at the origin, how often it was told, and that something will end what is stored. */
async function expectSameEnd(
  upload: Conversation,
  session: SessionModel,
  published: Uint8Array | null,
): Promise<void> {
  const { url } = upload;
  const target = url.replace("http://edge.example", "");
  const commits = await commitsOf(target);
  expect(new Set(commits.map(({ key }) => key)).size, "one key").toBe(Math.min(commits.length, 1));
  expect(commits, "attempts").toHaveLength(session.attempts);
  if (published !== null) expect(await storedAt(new URL(url).pathname)).toEqual(published);
  const { due } = await storedOf(upload);
  if (due !== null) expect(await alarmOf(upload), "an alarm for what is stored").toBeLessThanOrEqual(due);
}
