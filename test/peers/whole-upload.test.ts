import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ping } from "../support/bits-client.ts";
import { type EdgeOptions, startEdge } from "../support/edge.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Gateway } from "./gateway.ts";
import { BEFORE_CLOUDFLARE, doorOf, PEERS } from "./peers.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";
import { TlsFront } from "./tls-front.ts";
import { TlsTunnel } from "./tls-tunnel.ts";
import { uploadWithBreak } from "./upload-with-break.ts";

/** A Fragment of a client that was told 413, or of a slow line. */
const SMALL_BYTES = 1_000;

/** What every edge here is told. */
function vars(origin: LegacyOrigin): EdgeOptions["vars"] {
  return { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }] };
}

test.each(PEERS)(
  "$name: BITS_POST goes in, the file arrives, over plain HTTP and over TLS",
  async ({ name, ...peer }) => {
    await using origin = await startLegacyOrigin();
    await using edge = await startEdge({ vars: { ...vars(origin), ...peer.vars } });
    await using gateway = await Gateway.start(peer.start, doorOf({ name, ...peer }, edge));

    await uploadWithBreak(gateway.httpPort, origin, `${name}-plain`);

    await using tunnel = await TlsTunnel.open(gateway.httpsPort, gateway.pem);
    await uploadWithBreak(tunnel.port, origin, `${name}-tls`);
    // HTTP/2 was offered and not taken: the verb is a matter of HTTP/1.1.
    expect(new Set(tunnel.protocols)).toEqual(new Set(["http/1.1"]));

    const source = patternSource(200 * SMALL_BYTES, `${name}-small`);
    const url = `http://127.0.0.1:${gateway.httpPort}/uploads/${name}-small.bin`;
    const acks: string[] = [];
    const report = await uploadFile(source, url, {
      fragmentBytes: SMALL_BYTES,
      onAck: (packet) => acks.push(packet),
    });
    expect(report).toMatchObject({ sessions: 1, connections: 1, closeAck: { status: 200 } });
    expect(acks.filter((packet) => packet === "Fragment")).toHaveLength(200);
    const published = await readFile(origin.files.pathOf(`/uploads/${name}-small.bin`) ?? "");
    expect(createHash("sha256").update(published).digest("hex")).toBe(await sha256Of(source));
  },
);

test.each(BEFORE_CLOUDFLARE)("$name: the same in front of wrangler dev", async ({ name, start }) => {
  await using origin = await startLegacyOrigin();
  await using edge = await startEdge({ via: "wrangler", vars: vars(origin) });
  await using gateway = await Gateway.start(start, `127.0.0.1:${edge.httpPort}`);
  await uploadWithBreak(gateway.httpPort, origin, `${name}-dev`);
});

test.each(BEFORE_CLOUDFLARE)("$name: the same in front of an edge behind TLS", async ({ name, start }) => {
  await using origin = await startLegacyOrigin();
  await using edge = await startEdge({ vars: vars(origin) });
  await using front = await TlsFront.open(edge.httpPort);
  const edgeCertificate = front.certificate.certificatePath;
  await using gateway = await Gateway.start(start, `127.0.0.1:${front.port}`, { edgeCertificate });
  await uploadWithBreak(gateway.httpPort, origin, `${name}-front`);
  expect(new Set(front.names)).toEqual(new Set(["bits.example.com"]));
});

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
