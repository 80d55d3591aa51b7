import { expect, it } from "vitest";
import { closeSession, createSession, fragment } from "../support/bits-client.ts";
import { eventually } from "../support/eventually.ts";
import { startEdge } from "../support/edge.ts";
import { EVICTING_EDGE } from "../support/edge-of-project.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";

/** What makes the project "objects evicted" worth something: that they are. */
it("an object that is evicted before every packet meets each of them in another life", async () => {
  await using origin = await startLegacyOrigin();
  const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }] };
  await using edge = await startEdge({ ...EVICTING_EDGE, vars });
  using connection = await RawConnection.open("127.0.0.1", edge.tcpPort);
  const destination = "/uploads/evicted.bin";
  const { sessionId = "" } = await createSession(connection, destination);
  const bytes = Buffer.from("twelve bytes");
  for (let first = 0; first < bytes.length; first += 4) {
    const range = { sessionId, first, total: bytes.length, bytes: bytes.subarray(first, first + 4) };
    expect((await fragment(connection, destination, range)).receivedContentRange).toBe(first + 4);
  }
  expect((await closeSession(connection, destination, sessionId)).status).toBe(200);
  await eventually(() => {
    const lives = edge.logs.flatMap(({ json }) => {
      const line = json as { readonly event?: string; readonly life?: string } | undefined;
      return line?.event === "entered" ? [line.life] : [];
    });
    expect(new Set(lives).size).toBe(4);
  });
});
