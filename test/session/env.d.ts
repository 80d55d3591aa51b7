import type { Env } from "../../src/env.ts";
import type worker from "../../src/index.ts";

declare global {
  namespace Cloudflare {
    interface Env extends BitsEnv {}
    interface GlobalProps {
      mainModule: { default: typeof worker };
    }
  }
}

type BitsEnv = Env;
