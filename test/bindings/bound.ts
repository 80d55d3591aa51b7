import type { Env } from "../../src/env.ts";

/** What wrangler.toml binds, as `wrangler types` describes it, is what the Worker takes; `npm run check:bindings` asks. */
export const taken = (bound: Bound): Env => bound;
