import { readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { ping } from "../support/bits-client.ts";
import { type EdgeOptions, startEdge } from "../support/edge.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";
import { Gateway } from "./gateway.ts";
import { PEERS } from "./peers.ts";
import { TlsFront } from "./tls-front.ts";
import { TlsTunnel } from "./tls-tunnel.ts";

const MEBIBYTE = 1 << 20;
/** The largest fragment that Windows sends ([MC-BUP] 6, note 10). */
const FRAGMENT_BYTES = 13 * MEBIBYTE;

/** A client that knows nothing of gateways loses its connection inside a fragment, and ends well. */
async function uploadWithBreak(port: number, origin: LegacyOrigin, name: string): Promise<void> {
  const source = patternSource(20 * MEBIBYTE + 77, name);
  const target = `/uploads/${name}.bin`;
  const report = await uploadFile(source, `http://127.0.0.1:${port}${target}`, {
    fragmentBytes: FRAGMENT_BYTES,
    breakAfterBytes: 9 * MEBIBYTE + 12_345,
    // Small, so that its Ack tells what was stored before it.
    resumeFragmentBytes: 64 << 10,
  });
  expect(report).toMatchObject({ sessions: 1, connections: 2, closeAck: { status: 200 } });
  const [broken] = report.breaks;
  // How much of the torn Fragment had reached the edge by then, the buffers between decide.
  expect(broken?.resumedAt).toBeGreaterThan(0);
  expect(broken?.resumedAt).toBeLessThanOrEqual(broken?.sentTo ?? 0);
  const published = await readFile(origin.files.pathOf(target) ?? "");
  expect(createHash("sha256").update(published).digest("hex")).toBe(await sha256Of(source));
  expect(origin.of("PUT").filter(({ url }) => url === target)).toHaveLength(1);
}

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
  await using gateway = await Gateway.start(
    start,
    `127.0.0.1:${front.port}`,
    front.certificate.certificatePath,
  );
  await uploadWithBreak(gateway.httpPort, origin, `${name}-front`);
  expect(new Set(front.names)).toEqual(new Set(["bits.example.com"]));
});

test.each(PEERS)("%s: nothing is sent to an edge whose certificate is not trusted", async (_, start) => {
  await using impostor = await TlsFront.open(1);
  await using other = await TlsFront.open(1);
  const trusted = other.certificate.certificatePath;
  await using gateway = await Gateway.start(start, `127.0.0.1:${impostor.port}`, trusted);
  using connection = await RawConnection.open("127.0.0.1", gateway.httpPort);
  const { status } = await ping(connection, "/uploads/x.bin");
  // nginx says 502, HAProxy 503; after either a client tries again.
  expect([502, 503]).toContain(status);
});
