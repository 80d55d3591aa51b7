import { expect, test } from "vitest";
import { ping } from "../support/bits-client.ts";
import { type EdgeOptions, startEdge } from "../support/edge.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Gateway } from "./gateway.ts";
import { PEERS } from "./peers.ts";
import { TlsFront } from "./tls-front.ts";
import { TlsTunnel } from "./tls-tunnel.ts";
import { uploadWithBreak } from "./upload-with-break.ts";

/** What every edge here is told. */
function vars(origin: LegacyOrigin): EdgeOptions["vars"] {
  return { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }] };
}

test.each(PEERS)(
  "%s: BITS_POST goes in, the file arrives, over plain HTTP and over TLS",
  async (name, start) => {
    await using origin = await startLegacyOrigin();
    await using edge = await startEdge({ vars: vars(origin) });
    await using gateway = await Gateway.start(start, `127.0.0.1:${edge.httpPort}`);

    await uploadWithBreak(gateway.httpPort, origin, `${name}-plain`);

    await using tunnel = await TlsTunnel.open(gateway.httpsPort, gateway.pem);
    await uploadWithBreak(tunnel.port, origin, `${name}-tls`);
    // HTTP/2 was offered and not taken: the verb is a matter of HTTP/1.1.
    expect(new Set(tunnel.protocols)).toEqual(new Set(["http/1.1"]));
  },
);

test.each(PEERS)("%s: the same in front of wrangler dev", async (name, start) => {
  await using origin = await startLegacyOrigin();
  await using edge = await startEdge({ via: "wrangler", vars: vars(origin) });
  await using gateway = await Gateway.start(start, `127.0.0.1:${edge.httpPort}`);
  await uploadWithBreak(gateway.httpPort, origin, `${name}-dev`);
});

test.each(PEERS)("%s: the same in front of an edge behind TLS, as on Cloudflare", async (name, start) => {
  await using origin = await startLegacyOrigin();
  await using edge = await startEdge({ vars: vars(origin) });
  await using front = await TlsFront.open(edge.httpPort);
  const edgeCertificate = front.certificate.certificatePath;
  await using gateway = await Gateway.start(start, `127.0.0.1:${front.port}`, { edgeCertificate });
  await uploadWithBreak(gateway.httpPort, origin, `${name}-front`);
  expect(new Set(front.names)).toEqual(new Set(["bits.example.com"]));
});

test.each(PEERS)("%s: nothing is sent to an edge whose certificate is not trusted", async (_, start) => {
  await using impostor = await TlsFront.open(1);
  await using other = await TlsFront.open(1);
  const edgeCertificate = other.certificate.certificatePath;
  await using gateway = await Gateway.start(start, `127.0.0.1:${impostor.port}`, { edgeCertificate });
  using connection = await RawConnection.open("127.0.0.1", gateway.httpPort);
  const { status } = await ping(connection, "/uploads/x.bin");
  // nginx says 502, HAProxy 503; after either a client tries again.
  expect([502, 503]).toContain(status);
});
