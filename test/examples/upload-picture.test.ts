import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { captureUpload } from "../docs/pictures/captured-upload.ts";
import { drawSequence } from "../docs/pictures/draw-sequence.ts";
import { PROJECT } from "../support/bundle.ts";

test("docs/images/upload.svg shows an upload as it is on the wire today (npm run draw:upload)", async () => {
  const kept = await readFile(join(PROJECT, "docs", "images", "upload.svg"), "utf8");
  expect(drawSequence(await captureUpload())).toBe(kept);
});
