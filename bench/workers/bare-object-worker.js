import { connect } from "cloudflare:sockets";
import { DurableObject } from "cloudflare:workers";

/**
 * The least that a Worker with an object for each upload can do: the same calls, rows, alarms, transactions and commit
 * as the edge, over the raw socket. Nothing is parsed that is not needed, checked, logged or mended. What the edge costs
 * beyond this is its own; what this costs is the runtime's.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const WAKE_IN_MS = 10_000;
const FOREVER_MS = 14 * 24 * 3600 * 1000;
let sessions = 0;

export class BareSession extends DurableObject {
  #length = 0;

  append(bytes) {
    const { storage } = this.ctx;
    const insert = () => storage.sql.exec("INSERT INTO fragments VALUES (?, ?)", this.#length, bytes);
    if (this.#length > 0) insert();
    else {
      storage.transactionSync(() => {
        storage.sql.exec("CREATE TABLE session (id INTEGER PRIMARY KEY, record TEXT NOT NULL)");
        storage.sql.exec("CREATE TABLE fragments (offset INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
        this.#save("receiving");
        void storage.setAlarm(Date.now() + WAKE_IN_MS);
        insert();
      });
    }
    this.#length += bytes.byteLength;
    return this.#length;
  }

  async close(url) {
    const { storage } = this.ctx;
    this.#save("committing");
    const { hostname, port, host, pathname } = new URL(url);
    const socket = connect({ hostname, port: Number(port) });
    const fields = `Host: ${host}\r\nContent-Length: ${this.#length}\r\nConnection: close`;
    await this.#send(socket, encoder.encode(`PUT ${pathname} HTTP/1.1\r\n${fields}\r\n\r\n`));
    const { value } = await socket.readable.getReader().read();
    await socket.close();
    storage.transactionSync(() => {
      this.#save("committed");
      storage.sql.exec("DROP TABLE fragments");
    });
    return decoder.decode(value);
  }

  async alarm() {
    await this.ctx.storage.setAlarm(Date.now() + FOREVER_MS);
  }

  async #send(socket, head) {
    const writer = socket.writable.getWriter();
    await writer.write(head);
    for (let offset = 0; offset < this.#length;) {
      const { bytes } = this.ctx.storage.sql
        .exec("SELECT bytes FROM fragments WHERE offset = ?", offset)
        .one();
      offset += bytes.byteLength;
      await writer.write(new Uint8Array(bytes));
    }
  }

  #save(state) {
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO session VALUES (0, ?)", JSON.stringify({ state }));
  }
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
  const session = env.SESSIONS.getByName(id);
  if (body.byteLength > 0) await session.append(body);
  else await session.close(env.ORIGIN_URL + /^\S+ (\S+)/.exec(head)[1]);
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
