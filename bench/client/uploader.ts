import { Helper } from "../helper.ts";
import type { UploadJob, UploadResult } from "./process.ts";

/** The client's process: it shares no event loop with anything that is measured. */
export class Uploader {
  readonly #helper = new Helper<UploadJob, UploadResult>(new URL("process.ts", import.meta.url));

  run(job: UploadJob): Promise<UploadResult> {
    return this.#helper.ask(job);
  }

  stop(): Promise<void> {
    return this.#helper.stop();
  }
}
