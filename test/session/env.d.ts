import type { Env } from "../../src/env.ts";
import type worker from "../../src/worker.ts";

declare global {
  namespace Cloudflare {
    interface Env extends BitsEnv {}
    interface GlobalProps {
      mainModule: { default: typeof worker };
    }
  }
}

type BitsEnv = Env;
