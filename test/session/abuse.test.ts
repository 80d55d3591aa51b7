import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Conversation, entityOf } from "./packets.ts";

/** How many upload sessions have an object. */
async function objects(): Promise<number> {
  return (await listDurableObjectIds(env.UPLOAD_SESSIONS)).length;
}

/** The status of one Create-Session from a client address. */
async function create(address: string): Promise<number> {
  const protocols = "{7df0354d-249b-430f-820d-3d2a9bef4931}";
  const headers = { "BITS-Supported-Protocols": protocols, "CF-Connecting-IP": address };
  return (await new Conversation("/uploads/limited.bin").send("Create-Session", headers)).status;
}

const codeOf = (ack: Response) => ack.headers.get("BITS-Error-Code");

test("an id that the edge has not issued wakes no object, whatever the packet", async () => {
  const genuine = await Conversation.begin("/uploads/genuine.bin");
  await genuine.fragment(entityOf(10), 0, 5);
  const before = await objects();

  const forged = new Conversation("/uploads/genuine.bin");
  const [first = "", ...rest] = genuine.id.replace(/[{}]/g, "").split("-");
  const ids = [
    crypto.randomUUID(),
    // One digit of a genuine id is another: in the time, in the random part, in the signature.
    ...[0, 7].map((at) => [flip(first, at), ...rest].join("-")),
    [first, ...rest.slice(0, -1), flip(rest.at(-1) ?? "", 11)].join("-"),
  ];
  for (const id of ids) {
    forged.id = `{${id}}`;
    const acks = [await forged.fragment(entityOf(10)), await forged.close(), await forged.cancel()];
    expect(acks.map(codeOf)).toEqual(["0x8020001F", "0x8020001F", "0x8020001F"]);
  }
  // And a genuine id at another URL is none there (ruling 12).
  const elsewhere = new Conversation("/uploads/other.bin");
  elsewhere.id = genuine.id;
  expect(codeOf(await elsewhere.fragment(entityOf(10)))).toBe("0x8020001F");
  expect(await objects()).toBe(before);
});

/** The hexadecimal digit at `at` is another. */
function flip(hex: string, at: number): string {
  const digit = (Number.parseInt(hex[at] ?? "0", 16) ^ 1).toString(16);
  return hex.slice(0, at) + digit + hex.slice(at + 1);
}

test("a flood of Create-Session makes no object", async () => {
  const before = await objects();
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => Conversation.begin(`/uploads/flood-${index}.bin`)),
  );
  expect(await objects()).toBe(before);
});

test("the rate limiting binding, where there is one, limits new sessions of a client address", async () => {
  const statuses: number[] = [];
  for (let count = 0; count < 101; count++) statuses.push(await create("192.0.2.1"));
  expect(statuses).toEqual([...Array<number>(100).fill(200), 503]);
  expect(await create("192.0.2.2")).toBe(200);
});
