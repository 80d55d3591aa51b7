// docs/images/upload.svg, from a run that is captured for it: `npm run draw:upload`.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../../support/bundle.ts";
import { captureUpload } from "./captured-upload.ts";
import { drawSequence } from "./draw-sequence.ts";

await writeFile(join(PROJECT, "docs", "images", "upload.svg"), drawSequence(await captureUpload()));
