/**
 * The least that a Worker can do with an upload: read it and say "Ack". Both doors, nothing checked, nothing kept. What
 * is measured against it is the client's ceiling and the runtime's own share.
 */
const READ_BYTES = 1024 * 1024;
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const ID = "{7DF0354D-249B-430F-820D-3D2A9BEF4931}";

export default {
  async fetch(request) {
    const length = Number(request.headers.get("Content-Length"));
    if (length > 0) {
      const reader = request.body.getReader({ mode: "byob" });
      let buffer = new ArrayBuffer(Math.min(READ_BYTES, length));
      for (;;) {
        const { done, value } = await reader.readAtLeast(buffer.byteLength, new Uint8Array(buffer));
        if (done) break;
        buffer = value.buffer;
      }
    }
    return new Response(null, { headers: { "BITS-Packet-Type": "Ack", "BITS-Session-Id": ID } });
  },

  async connect(socket) {
    const reader = socket.readable.getReader({ mode: "byob" });
    const writer = socket.writable.getWriter();
    const answer = encoder.encode(
      `HTTP/1.1 200 OK\r\nBITS-Packet-Type: Ack\r\nBITS-Session-Id: ${ID}\r\nContent-Length: 0\r\n\r\n`,
    );
    let head = new ArrayBuffer(4096);
    let body = new ArrayBuffer(READ_BYTES);
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(head));
      if (done) break;
      head = value.buffer;
      // The bench's own client sends a head in one write, so it is whole.
      const bytes = headBytes(value);
      const text = decoder.decode(value.subarray(0, bytes));
      let left = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0) - (value.byteLength - bytes);
      while (left > 0) {
        const wanted = Math.min(left, READ_BYTES);
        const read = await reader.readAtLeast(wanted, new Uint8Array(body, 0, wanted));
        if (read.done) return;
        left -= read.value.byteLength;
        body = read.value.buffer;
      }
      await writer.write(answer);
    }
    await socket.close();
  },
};

/** Where the head ends, its empty line included. */
function headBytes(bytes) {
  for (let at = 3; at < bytes.byteLength; at++) {
    if (bytes[at] === 0x0a && bytes[at - 1] === 0x0d && bytes[at - 2] === 0x0a) return at + 1;
  }
  return bytes.byteLength;
}
