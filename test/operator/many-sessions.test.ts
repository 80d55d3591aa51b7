import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { useRig } from "../support/rig.ts";
import { HOSTINGS, SeatedRig } from "./seated-rig.ts";

const COUNT = 1_100;
const AT_ONCE = 16;

describe.each(HOSTINGS)("More than a thousand sessions (SESSION_OBJECTS = %d)", (objects) => {
  const rig = useRig(async () => SeatedRig.start(objects));

  test("are paged through without one missing or twice, in order, and filtered; and are there after a crash", async () => {
    const expected = new Map<string, boolean>();
    const names = Array.from({ length: COUNT }, (_, index) => `/others/many-${index}.bin`);
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let name = names.pop(); name !== undefined; name = names.pop()) {
          const isWhole = names.length % 10 === 0;
          expected.set(await begin(name, isWhole), isWhole);
        }
      }),
    );
    await expectList(expected);
    await rig().edge.kill();
    await rig().edge.restart();
    await expectList(expected);
  });

  async function begin(target: string, isWhole: boolean): Promise<string> {
    const url = rig().edge.httpUrl + target;
    const send = async (headers: Record<string, string>, body?: string) =>
      await fetch(url, { method: "POST", headers, ...(body === undefined ? {} : { body }) });
    const created = await send({
      "BITS-Packet-Type": "Create-Session",
      "BITS-Supported-Protocols": "{7df0354d-249b-430f-820d-3d2a9bef4931}",
    });
    const session = created.headers.get("BITS-Session-Id") ?? "";
    const range = isWhole ? "bytes 0-9/10" : "bytes 0-9/20";
    const ack = await send(
      { "BITS-Packet-Type": "Fragment", "BITS-Session-Id": session, "Content-Range": range },
      "0123456789",
    );
    expect(ack.status).toBe(200);
    return session.replaceAll(/[{}]/g, "");
  }

  async function expectList(expected: ReadonlyMap<string, boolean>): Promise<void> {
    // What a session tells its index comes a moment after its Ack.
    const rows = await eventually(async () => {
      const all = await rig().list({ limit: "100" });
      expect(all).toHaveLength(expected.size);
      return all;
    });
    expect(new Set(rows.map(({ session }) => session))).toEqual(new Set(expected.keys()));
    const changes = rows.map(({ changedAt }) => Number(changedAt));
    expect(changes).toEqual(changes.toSorted((one, other) => other - one));
    const whole = await rig().list({ state: "complete", directory: "/others/", limit: "17" });
    const wanted = [...expected].filter(([, isWhole]) => isWhole).map(([name]) => name);
    expect(new Set(whole.map(({ session }) => session))).toEqual(new Set(wanted));
    expect(whole).toHaveLength(wanted.length);
    expect((await rig().look("overview")).json).toMatchObject({
      sessionsByState: { complete: wanted.length, receiving: expected.size - wanted.length },
    });
    expect(await rig().list({ path: "/others/many-7.bin" })).toHaveLength(1);
    const page = (await rig().look("sessions?limit=1000")).json as {
      sessions: unknown[];
      next: string | null;
    };
    expect(page.sessions).toHaveLength(1_000);
    expect(page.next).not.toBeNull();
  }
});
