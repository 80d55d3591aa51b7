import { createServer } from "node:http";

const uploads: (string | undefined)[] = [];

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    if (request.method === "PUT") uploads.push(request.url);
    response.end(request.method === "GET" ? JSON.stringify(uploads) : "");
  });
});

server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : 0);
});
process.on("disconnect", () => process.exit());
