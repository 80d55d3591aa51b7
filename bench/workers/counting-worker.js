/**
 * The edge itself, counting what Cloudflare would bill. Storage counts its own rows; calls of an object's methods are
 * counted where they are made. `GET /bench/counts` gives the counts and begins again.
 */
import edge, * as classes from "../../src/worker.ts";

const NOTHING = { workerRequests: 0, objectRequests: 0, rowsWritten: 0, rowsRead: 0, activeMilliseconds: 0 };
let counts = { ...NOTHING };
/** Cursors whose rows are read after `exec` has returned; they know their numbers at any time. */
let cursors = [];
let running = 0;
let runningSince = 0;

function settleRows() {
  for (const { rowsWritten, rowsRead } of cursors) {
    counts.rowsWritten += rowsWritten;
    counts.rowsRead += rowsRead;
  }
  cursors = [];
}

function countStorage({ storage }) {
  const { sql } = storage;
  const [exec, setAlarm] = [sql.exec, storage.setAlarm];
  sql.exec = (...statement) => {
    settleRows();
    const cursor = exec.apply(sql, statement);
    cursors.push(cursor);
    return cursor;
  };
  // An alarm is one row written (Cloudflare, "Durable Objects pricing").
  storage.setAlarm = (...time) => {
    counts.rowsWritten += 1;
    return setAlarm.apply(storage, time);
  };
}

/** An object is active while a call of it is under way; pipelined calls overlap and count once. */
async function timed(call) {
  if (running++ === 0) runningSince = Date.now();
  counts.objectRequests += 1;
  try {
    return await call;
  } finally {
    if (--running === 0) counts.activeMilliseconds += Date.now() - runningSince;
  }
}

/** A stub that was returned from an async function would be asked for `then`. */
function isMethod(name) {
  return typeof name === "string" && name !== "then";
}

function countedStub(stub) {
  return new Proxy(
    {},
    { get: (_target, name) => (isMethod(name) ? (...given) => timed(stub[name](...given)) : undefined) },
  );
}

const known = new WeakMap();

/** The bindings, with every namespace of objects counted; one for each env, as the edge reads each env once. */
function countedEnv(env) {
  const earlier = known.get(env);
  if (earlier !== undefined) return earlier;
  const counted = { ...env };
  for (const [name, binding] of Object.entries(env)) {
    if (typeof binding?.getByName !== "function") continue;
    counted[name] = { getByName: (...id) => countedStub(binding.getByName(...id)) };
  }
  known.set(env, counted);
  return counted;
}

function countedClass(Base) {
  return class extends Base {
    constructor(ctx, env) {
      countStorage(ctx);
      super(ctx, countedEnv(env));
    }
  };
}

export const UploadSession = countedClass(classes.UploadSession);
export const SessionCounter = countedClass(classes.SessionCounter);
export const SessionIndex = countedClass(classes.SessionIndex);
export const UploadSegment = countedClass(classes.UploadSegment);

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/bench/counts") {
      settleRows();
      const answer = Response.json(counts);
      counts = { ...NOTHING };
      return answer;
    }
    counts.workerRequests += 1;
    return await edge.fetch(request, countedEnv(env), ctx);
  },

  async connect(socket, env, ctx) {
    counts.workerRequests += 1;
    return await edge.connect(socket, countedEnv(env), ctx);
  },
};
