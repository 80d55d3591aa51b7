import { describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { startEdge } from "../support/edge.ts";
import { RawConnection } from "../support/raw-connection.ts";

describe.each(["tcp", "http"] as const)("An origin that is the edge itself, by its %s door", (door) => {
  test("is answered 508, and the edge lives", async () => {
    const port = await freePort();
    await using edge = await startEdge({
      vars: { ORIGIN_URL: `http://127.0.0.1:${port}`, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }] },
      ...(door === "tcp" ? { tcpPort: port } : { httpPort: port }),
    });
    for (const way of [edge.tcpPort, edge.httpPort]) {
      using connection = await RawConnection.open("127.0.0.1", way);
      for (let turn = 0; turn < 3; turn++) {
        await connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        expect((await connection.readResponse()).status).toBe(508);
      }
      await connection.send("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
      expect((await connection.readResponse()).status).toBe(508);
    }
  });
});
