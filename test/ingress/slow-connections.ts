import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { parseArgs } from "node:util";
import { createSession, formatPacketHead } from "../support/bits-client.ts";
import { startEdge } from "../support/edge.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource } from "../support/upload-source.ts";

/**
 * `npm run test:slow`: what thousands of connections that dribble cost those that work. Half of them send a
 * head byte by byte, half have sent the head of a Fragment of one MiB, and then send a byte every twenty seconds or so. An upload runs
 * before they come and while they are there; both speeds and workerd's memory are printed. A timing fails
 * nothing, an upload that does not end well does.
 */
const { values } = parseArgs({ options: { connections: { type: "string", default: "5000" } } });
const COUNT = Number(values.connections);
const UPLOAD_BYTES = 64 << 20;
const BATCH = 200;

const HALF_A_HEAD = "BITS_POST /uploads/slow.bin HTTP/1.1\r\nHost: edge\r\nX-Slow: ";
await using origin = await startLegacyOrigin({ store: false, hashes: false });
await using edge = await startEdge({
  vars: {
    ORIGIN_URL: origin.url,
    UPLOAD_DIRECTORIES: [{ path: "/uploads/", allow_overwrites: true }],
    HEAD_TIMEOUT_SECONDS: 600,
    BODY_IDLE_TIMEOUT_SECONDS: 600,
  },
});
const source = patternSource(UPLOAD_BYTES);
const FRAGMENT = await headOfAFragment();

/** The head of a Fragment of one MiB, for a session that exists. */
async function headOfAFragment(): Promise<string> {
  using connection = await RawConnection.open(edge.tcpHost, edge.tcpPort);
  const { sessionId = "" } = await createSession(connection, "/uploads/slow.bin");
  const range = { sessionId, first: 0, length: 1 << 20, total: 1 << 20 };
  return formatPacketHead(connection, "/uploads/slow.bin", "Fragment", range);
}

async function megabytesPerSecond(name: string): Promise<number> {
  const start = performance.now();
  await uploadFile(source, `${edge.tcpUrl}/uploads/${name}.bin`);
  return UPLOAD_BYTES / 1e6 / ((performance.now() - start) / 1000);
}

const mebibytes = async () => (((await edge.rssBytes()) ?? 0) / (1 << 20)).toFixed(0);

async function openSlow(index: number): Promise<Socket> {
  const socket = connect(edge.tcpPort, edge.tcpHost);
  await once(socket, "connect");
  socket.on("error", () => undefined);
  socket.write(index % 2 === 0 ? HALF_A_HEAD : FRAGMENT);
  return socket;
}

await megabytesPerSecond("warm-up");
const alone = await megabytesPerSecond("alone");
console.log(`alone                   ${alone.toFixed(1)} MB/s   workerd ${await mebibytes()} MiB`);

const sockets: Socket[] = [];
while (sockets.length < COUNT) {
  const from = sockets.length;
  const batch = Array.from({ length: Math.min(BATCH, COUNT - from) }, (_, at) => openSlow(from + at));
  sockets.push(...(await Promise.all(batch)));
}
const dribble = setInterval(() => {
  for (let count = 0; count < COUNT / 80; count++) sockets[Math.floor(Math.random() * COUNT)]?.write("x");
}, 250);
console.log(`${COUNT} slow connections   workerd ${await mebibytes()} MiB`);
const among = await megabytesPerSecond("among");
const open = sockets.filter((socket) => !socket.destroyed && socket.readyState === "open").length;
console.log(`among ${open} slow ones    ${among.toFixed(1)} MB/s   workerd ${await mebibytes()} MiB`);
console.log(`${((among / alone) * 100).toFixed(0)} % of the speed alone`);
clearInterval(dribble);
for (const socket of sockets) socket.destroy();
