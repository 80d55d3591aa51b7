import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventsOf, startServedEdge, until } from "../deploy/served-edge.ts";
import { ping } from "../support/bits-client.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";
import { makeCertificate } from "./certificate.ts";
import { TlsTunnel } from "./tls-tunnel.ts";

const MEBIBYTE = 1 << 20;

test("npm run serve: BITS_POST over TLS, with no gateway in between; SIGHUP reads the certificate anew", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bits-served-"));
  await using origin = await startLegacyOrigin();
  const certificate = await makeCertificate(folder);
  const args = [
    "--http",
    "0",
    "--tcp",
    "0",
    "--tls",
    "0",
    "--certificates",
    folder,
    "--state",
    join(folder, "state"),
  ];
  const env = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: '[{"path":"/uploads/"}]' };
  const edge = await startServedEdge(args, env);
  try {
    await using tunnel = await TlsTunnel.open(edge.ports.tls, certificate.pem);
    const source = patternSource(3 * MEBIBYTE + 7, "tls");
    const report = await uploadFile(source, `http://127.0.0.1:${tunnel.port}/uploads/tls.bin`, {
      breakAfterBytes: 2 * MEBIBYTE + 1,
    });
    expect(report).toMatchObject({ sessions: 1, connections: 2, closeAck: { status: 200 } });
    const published = await readFile(origin.files.pathOf("/uploads/tls.bin") ?? "");
    expect(createHash("sha256").update(published).digest("hex")).toBe(await sha256Of(source));

    const renewed = await makeCertificate(folder);
    expect(renewed.pem).not.toBe(certificate.pem);
    process.kill(edge.program.pid ?? 0, "SIGHUP");
    await until(() => eventsOf(edge.logs, "ready").length === 2, "the runtime has started again");
    await using another = await TlsTunnel.open(edge.ports.tls, renewed.pem);
    using connection = await RawConnection.open("127.0.0.1", another.port, { timeoutMilliseconds: 60_000 });
    expect((await ping(connection, "/uploads/tls.bin")).status).toBe(200);
  } finally {
    await edge.program.end("SIGTERM");
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
});
