import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run } from "../../tools/import-iis/run.ts";

const METABASE = fileURLToPath(new URL("fixtures/MetaBase.xml", import.meta.url));

/** The settings of each block, line by line. */
async function blocksOf(...options: readonly string[]): Promise<{ blocks: string[][]; notes: string }> {
  const { exitCode, stdout, stderr } = await run([METABASE, ...options]);
  expect(exitCode).toBe(0);
  const [, ...blocks] = stdout.split("[[vars.UPLOAD_DIRECTORIES]]\n");
  const lines = blocks.map((block) =>
    block.split("\n").filter((line) => line !== "" && !line.startsWith("#")),
  );
  return { blocks: lines, notes: stderr };
}

test("an origin that keeps its extension is handed uploads by it, and notifies by itself", async () => {
  const { blocks, notes } = await blocksOf("--keeps-bits");
  expect(blocks).toContainEqual([
    'path = "/inventory/"',
    'handover = "bits"',
    'commit_on = "last-fragment"',
    'origin_hosts = ["iis-07.corp.example.com"]',
    "session_timeout_seconds = 86_400",
  ]);
  expect(blocks.flat().join("\n")).not.toMatch(/notification|host_id/);
  expect(notes).toContain('BITSServerNotificationType = "2" stays with the origin');
  expect(notes).toContain('The other choice, "request", needs a server that takes whole files by PUT');
});

test("a directory without uploads stays without", async () => {
  const { blocks } = await blocksOf("--keeps-bits");
  expect(blocks).toContainEqual(['path = "/uploads/archive/"', "enabled = false"]);
});

test("where nothing is said of the extension, uploads go in one request", async () => {
  const { blocks } = await blocksOf();
  expect(blocks.flat().join("\n")).not.toContain("handover");
});
