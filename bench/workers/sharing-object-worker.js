import { connect } from "cloudflare:sockets";
import { DurableObject } from "cloudflare:workers";

/**
 * The least that a Worker can do whose uploads share OBJECTS objects: the same calls, rows, alarms, transactions and commit
 * as the edge, over the raw socket. Nothing is parsed that is not needed, checked, logged or mended. What the edge costs
 * beyond this is its own; what this costs is the runtime's.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const WAKE_IN_MS = 10_000;
let sessions = 0;

export class SharingSessions extends DurableObject {
  /** Key and length of each session that is open, by its id. */
  #open = new Map();
  #lastKey = 0;
  #wakesAt = 0;

  constructor(context, env) {
    super(context, env);
    const { sql } = context.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS session (key INTEGER PRIMARY KEY, id TEXT NOT NULL, record TEXT NOT NULL)",
    );
    sql.exec("CREATE TABLE IF NOT EXISTS fragments (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
  }

  append(id, bytes) {
    const { storage } = this.ctx;
    const known = this.#open.get(id);
    const session = known ?? { key: ++this.#lastKey, length: 0 };
    const insert = () =>
      storage.sql.exec("INSERT INTO fragments VALUES ((? << 40) | ?, ?)", session.key, session.length, bytes);
    if (known !== undefined) insert();
    else {
      storage.transactionSync(() => {
        storage.sql.exec("INSERT INTO session VALUES (?, ?, ?)", session.key, id, state("receiving"));
        insert();
      });
      this.#open.set(id, session);
      this.#wake();
    }
    session.length += bytes.byteLength;
    return session.length;
  }

  async close(id, url) {
    const { storage } = this.ctx;
    const { key, length } = this.#open.get(id);
    this.#save(key, "committing");
    const { hostname, port, host, pathname } = new URL(url);
    const socket = connect({ hostname, port: Number(port) });
    const fields = `Host: ${host}\r\nContent-Length: ${length}\r\nConnection: close`;
    await this.#send(socket, encoder.encode(`PUT ${pathname} HTTP/1.1\r\n${fields}\r\n\r\n`), key, length);
    const { value } = await socket.readable.getReader().read();
    await socket.close();
    storage.transactionSync(() => {
      this.#save(key, "committed");
      storage.sql.exec("DELETE FROM fragments WHERE id >= (? << 40) AND id < ((? + 1) << 40)", key, key);
    });
    this.#open.delete(id);
    return decoder.decode(value);
  }

  async alarm() {
    this.#wakesAt = 0;
  }

  /** One alarm for all. */
  #wake() {
    if (this.#wakesAt > Date.now()) return;
    this.#wakesAt = Date.now() + WAKE_IN_MS;
    void this.ctx.storage.setAlarm(this.#wakesAt);
  }

  async #send(socket, head, key, length) {
    const writer = socket.writable.getWriter();
    await writer.write(head);
    for (let offset = 0; offset < length;) {
      const { bytes } = this.ctx.storage.sql
        .exec("SELECT bytes FROM fragments WHERE id = ((? << 40) | ?)", key, offset)
        .one();
      offset += bytes.byteLength;
      await writer.write(new Uint8Array(bytes));
    }
  }

  #save(key, name) {
    this.ctx.storage.sql.exec("UPDATE session SET record = ? WHERE key = ?", state(name), key);
  }
}

function state(name) {
  return JSON.stringify({ state: name });
}

export default {
  async connect(socket, env) {
    const reader = socket.readable.getReader({ mode: "byob" });
    const writer = socket.writable.getWriter();
    let scratch = new ArrayBuffer(72 * 1024);
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(scratch));
      if (done) break;
      scratch = value.buffer;
      // The bench's own client sends a head in one write, so it is whole.
      const headEnd = headBytes(value);
      const head = decoder.decode(value.subarray(0, headEnd));
      const body = value.slice(headEnd);
      const id = await answer(head, await readRest(reader, body, head), env);
      const fields = `BITS-Packet-Type: Ack\r\nBITS-Session-Id: ${id}\r\nContent-Length: 0`;
      await writer.write(encoder.encode(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`));
    }
    await socket.close();
  },
};

/** @returns the id of the session that the packet is about */
async function answer(head, body, env) {
  if (/packet-type: create/i.test(head)) return `${Date.now()}-${sessions++}`;
  const id = /session-id: (\S+)/i.exec(head)[1];
  const session = env.SESSIONS.getByName(String(Number(id.split("-")[1]) % env.OBJECTS));
  if (body.byteLength > 0) await session.append(id, body);
  else await session.close(id, env.ORIGIN_URL + /^\S+ (\S+)/.exec(head)[1]);
  return id;
}

/** The body, of which the first bytes came with the head. */
async function readRest(reader, first, head) {
  const length = Number(/content-length: (\d+)/i.exec(head)[1]);
  if (first.byteLength === length) return first;
  const { value } = await reader.readAtLeast(
    length - first.byteLength,
    new Uint8Array(length - first.byteLength),
  );
  const whole = new Uint8Array(length);
  whole.set(first);
  whole.set(value, first.byteLength);
  return whole;
}

/** Where the head ends, its empty line included. */
function headBytes(bytes) {
  for (let at = 3; at < bytes.byteLength; at++) {
    if (bytes[at] === 0x0a && bytes[at - 1] === 0x0d && bytes[at - 2] === 0x0a) return at + 1;
  }
  return bytes.byteLength;
}
