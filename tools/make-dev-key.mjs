// Writes .dev.vars with a random SESSION_KEY where there is none, so that `wrangler dev` can issue
// session ids on a fresh clone. The file is ignored by git and never deployed; production gets its
// key from `wrangler secret put SESSION_KEY`.
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";

const file = new URL("../.dev.vars", import.meta.url);
if (!existsSync(file)) {
  writeFileSync(file, `SESSION_KEY="${randomBytes(32).toString("base64url")}"\n`, { mode: 0o600 });
}
