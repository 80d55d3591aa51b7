import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { startEdge } from "../support/edge.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";
import { Gateway } from "./gateway.ts";
import { doorOf, PEERS } from "./peers.ts";
import { TlsTunnel } from "./tls-tunnel.ts";
import { uploadWithBreak } from "./upload-with-break.ts";

/** A Fragment of a client that was told 413, or of a slow line. */
const SMALL_BYTES = 1_000;

test.each(PEERS)(
  "$name: BITS_POST goes in, the file arrives, over TLS with a break, and in 200 small Fragments over plain HTTP",
  async ({ name, ...peer }) => {
    await using origin = await startLegacyOrigin();
    await using edge = await startEdge({
      vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }], ...peer.vars },
    });
    await using gateway = await Gateway.start(peer.start, doorOf({ name, ...peer }, edge));

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
