import { createHash } from "node:crypto";
import type { RunningDigest, SessionWorld } from "../../src/session/session-world.ts";
import type { Life, Machine, Stage } from "./stage.ts";

/** The world as one instance of an object sees it. */
export function worldOf(object: Machine, life: Life, world: Stage): SessionWorld {
  const { dice, story } = world;
  return {
    now: () => world.clock,
    after(milliseconds, call) {
      let isOff = false;
      const name = milliseconds === 5 ? "sweeper's pause" : "timer";
      void (async () => {
        await object.wait(life, name, milliseconds);
        if (!isOff) call();
      })();
      return () => (isOff = true);
    },
    randomId: () =>
      `key-${Math.floor(dice.next("id") * 2 ** 32).toString(16)}-${Math.floor(dice.next("id") * 2 ** 32).toString(16)}`,
    startDigest: () => startDigest(object, life, world),
    commit: async (handover) => await world.application.carry(handover, object, life),
    async signUrl(kind, base, directory, sessionId) {
      await object.wait(life, "signature", dice.next("sign"));
      return `${base}${directory.path}${kind}/${sessionId}`;
    },
    config: () => world.config,
    counter: (name) => ({
      extend: async (sessionId, until) =>
        await world.counters.tell(name, object, life, (open) => open.extend(sessionId, until)),
      release: async (sessionId) =>
        await world.counters.tell(name, object, life, (open) => open.release(sessionId)),
    }),
    index: () => null,
    segment: (name) => world.segments.remote(name, object, life),
    segmentSizes: () => world.segmentSizes,
    keepAlive(work) {
      life.underWay += 1;
      const ended = (): void => void (life.underWay -= 1);
      work.then(ended, (error: unknown) => {
        ended();
        world.laws.workFailed(object, error);
      });
    },
    count: () => undefined,
    observe: () => undefined,
    log: (event, fields) => story.tell(object.name, event, fields),
  };
}

/** A digest takes its bytes in order, each at the last moment that it may: none is read before its turn. */
function startDigest(object: Machine, life: Life, { dice }: Stage): RunningDigest {
  const hash = createHash("sha256");
  let queue = Promise.resolve();
  return {
    async write(bytes) {
      const before = queue;
      queue = (async () => {
        await before;
        if (dice.next("digest") < 0.3) await object.wait(life, "digest", dice.next("digest") * 4);
        hash.update(bytes);
      })();
      await queue;
    },
    async finish() {
      await queue;
      if (dice.next("digest") < 0.3) await object.wait(life, "end of digest", dice.next("digest") * 4);
      return hash.digest("base64");
    },
  };
}
