import { createServer } from "node:http";

/**
 * An application that takes uploads as fast as Node can and keeps nothing, so that it costs every measure the same.
 * It refuses chunked bodies as old applications do, and says on demand how long its requests took it.
 */
let milliseconds: number[] = [];

const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0, highWaterMark: 1 << 20 });
server.on("request", (request, response) => {
  const began = performance.now();
  const isUpload = request.method === "PUT" || request.method === "POST";
  const status = !isUpload ? 404 : request.headers["transfer-encoding"] === undefined ? 201 : 411;
  request.on("end", () => {
    response.writeHead(status, { "Content-Length": 0 }).end();
    if (isUpload) milliseconds.push(performance.now() - began);
  });
  request.resume();
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  process.on("message", () => {
    process.send?.({ result: { url: `http://127.0.0.1:${port}`, milliseconds } });
    milliseconds = [];
  });
});
process.on("disconnect", () => process.exit());
