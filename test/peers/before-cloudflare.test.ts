import { expect, test } from "vitest";
import { ping } from "../support/bits-client.ts";
import { type EdgeOptions, startEdge } from "../support/edge.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Gateway } from "./gateway.ts";
import { BEFORE_CLOUDFLARE } from "./peers.ts";
import { TlsFront } from "./tls-front.ts";
import { uploadWithBreak } from "./upload-with-break.ts";

/** What every edge here is told. */
function vars(origin: LegacyOrigin): EdgeOptions["vars"] {
  return { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }] };
}

test.each(BEFORE_CLOUDFLARE)("$name: an upload goes through to wrangler dev", async ({ name, start }) => {
  await using origin = await startLegacyOrigin();
  await using edge = await startEdge({ via: "wrangler", vars: vars(origin) });
  await using gateway = await Gateway.start(start, `127.0.0.1:${edge.httpPort}`);
  await uploadWithBreak(gateway.httpPort, origin, `${name}-dev`);
});

test.each(BEFORE_CLOUDFLARE)(
  "$name: an upload goes through to an edge behind TLS",
  async ({ name, start }) => {
    await using origin = await startLegacyOrigin();
    await using edge = await startEdge({ vars: vars(origin) });
    await using front = await TlsFront.open(edge.httpPort);
    const edgeCertificate = front.certificate.certificatePath;
    await using gateway = await Gateway.start(start, `127.0.0.1:${front.port}`, { edgeCertificate });
    await uploadWithBreak(gateway.httpPort, origin, `${name}-front`);
    expect(new Set(front.names)).toEqual(new Set(["bits.example.com"]));
  },
);

test.each(BEFORE_CLOUDFLARE)(
  "$name: an edge whose certificate is not trusted gets nothing",
  async ({ start }) => {
    await using impostor = await TlsFront.open(1);
    await using other = await TlsFront.open(1);
    const edgeCertificate = other.certificate.certificatePath;
    await using gateway = await Gateway.start(start, `127.0.0.1:${impostor.port}`, { edgeCertificate });
    using connection = await RawConnection.open("127.0.0.1", gateway.httpPort);
    const { status } = await ping(connection, "/uploads/x.bin");
    // nginx says 502, HAProxy 503; after either a client tries again.
    expect([502, 503]).toContain(status);
  },
);
