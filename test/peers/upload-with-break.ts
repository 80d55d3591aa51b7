import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import type { LegacyOrigin } from "../support/legacy-origin.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";

const MEBIBYTE = 1 << 20;
/** The largest fragment that Windows sends ([MC-BUP] 6, note 10). */
const FRAGMENT_BYTES = 13 * MEBIBYTE;

/** A client that knows nothing of gateways loses its connection inside a fragment, and ends well. */
export async function uploadWithBreak(port: number, origin: LegacyOrigin, name: string): Promise<void> {
  const source = patternSource(14 * MEBIBYTE + 77, name);
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
