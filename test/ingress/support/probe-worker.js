// A Worker behind the real door, one path for each thing an app may do. Bundled and run by start-door.ts.
import { arrivalOf } from "../../../src/ingress/arrival.ts";
import { tcpDoor } from "../../../src/ingress/tcp.ts";

const encoder = new TextEncoder();

/** A body that gives its parts one by one, each in a later turn, and then fails if it is told to. */
function slowBody(parts, failure) {
  let given = 0;
  return new ReadableStream({
    async pull(controller) {
      await scheduler.wait(1);
      if (given < parts) controller.enqueue(encoder.encode(`part ${given++} `));
      else if (failure === undefined) controller.close();
      else controller.error(new Error(failure));
    },
  });
}

/** Reads the body in pieces as large as asked for, and tells what came. */
async function readPieces(request, pieceBytes) {
  const sizes = [];
  let error = null;
  let sum = 0;
  const reader = request.body.getReader({ mode: "byob" });
  try {
    for (;;) {
      const read = await reader.readAtLeast(pieceBytes, new Uint8Array(pieceBytes));
      if (read.done) break;
      sizes.push(read.value.byteLength);
      for (let at = 0; at < read.value.byteLength; at += 997) sum = (sum + read.value[at]) % 65_521;
    }
  } catch (cause) {
    error = cause.name;
  }
  return { sizes, error, sum };
}

const ANSWERS = {
  "/arrival": (request) =>
    Response.json({
      url: request.url,
      method: request.method,
      redirect: request.redirect,
      headers: [...request.headers],
      arrival: { ...arrivalOf(request), body: undefined },
    }),
  "/ack": () =>
    new Response(null, { status: 200, headers: { "BITS-Packet-Type": "Ack", "Content-Length": "0" } }),
  "/refusal": () =>
    new Response(null, { status: 400, headers: { Connection: "close", "Content-Length": "0" } }),
  "/text": async (request) => new Response(await request.text()),
  "/echo": (request) => new Response(request.body),
  "/late-read": (request) =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          controller.enqueue(encoder.encode("begun "));
          await scheduler.wait(20);
          controller.enqueue(encoder.encode(await request.text()));
          controller.close();
        },
      }),
    ),
  "/pieces": async (request, url) => {
    const started = Date.now();
    const read = await readPieces(request, Number(url.searchParams.get("bytes")));
    console.log(JSON.stringify({ event: "pieces", ...read, milliseconds: Date.now() - started }));
    return Response.json(read);
  },
  "/first-piece": async (request) => {
    const reader = request.body.getReader({ mode: "byob" });
    const read = await reader.readAtLeast(10, new Uint8Array(10));
    return new Response(`first ${read.value.byteLength}`);
  },
  "/uncaught-read": async (request) => new Response(`${(await request.arrayBuffer()).byteLength}`),
  "/stream": () => new Response(slowBody(5)),
  "/broken-stream": () => new Response(slowBody(3, "the app's body failed")),
  "/broken-at-once": () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.error(new Error("the app's body failed"));
        },
      }),
    ),
  "/too-short": () => new Response(slowBody(1), { headers: { "Content-Length": "100" } }),
  "/too-long": () => new Response(slowBody(9), { headers: { "Content-Length": "10" } }),
  "/large": () => new Response(new Uint8Array(8 * 1024 * 1024).fill(7)),
  "/no-content": () => new Response(null, { status: 204 }),
  "/not-modified": () => new Response(null, { status: 304, headers: { ETag: '"x"' } }),
  "/cookies": () => {
    const headers = new Headers({
      "Keep-Alive": "timeout=5",
      "X-Named": "1",
      "X-Kept": "1",
      Connection: "X-Named",
    });
    headers.append("Set-Cookie", "a=1; Expires=Sun, 01 Jan 2040 00:00:00 GMT");
    headers.append("Set-Cookie", "b=2");
    return new Response("x", { headers });
  },
  "/inject": (request) => {
    const attempts = [
      () => new Response("x", { headers: { "X-A": "a\r\nX-Injected: 1\r\n\r\nHTTP/1.1 200 OK" } }),
      () => new Response("x", { statusText: "OK\r\nX-Injected: 1" }),
      () => new Response("x", { headers: { "X-A\r\nX-Injected": "1" } }),
      // The runtime takes these, the wire must not.
      () => new Response("x", { headers: { "X-A": "a\u0001b" } }),
    ];
    try {
      return attempts[Number(request.headers.get("X-Attempt"))]();
    } catch (cause) {
      return new Response(cause.name, { status: 409 });
    }
  },
  "/throw": () => {
    throw new Error("the app's secret");
  },
  "/reject": () => Promise.reject(new Error("the app's secret")),
  "/nothing": () => undefined,
  // The clock of everything in this Worker jumps, the door's too.
  "/jump": (request, url) => {
    const { now } = Date;
    const milliseconds = Number(url.searchParams.get("by"));
    Date.now = () => now() + milliseconds;
    return new Response(null, { headers: { "Content-Length": "0" } });
  },
};

export default {
  connect: tcpDoor(
    (request) => {
      const url = new URL(request.url);
      return (ANSWERS[url.pathname] ?? (() => new Response("no such path", { status: 404 })))(request, url);
    },
    ({ LIMITS: { proxies, ...limits } }) =>
      proxies === undefined ? limits : { ...limits, isAnnounced: (peer) => proxies.includes(peer) },
  ),
};
