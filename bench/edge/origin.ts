import { Helper } from "../helper.ts";

/** The origin's process: fast, and on a loop of its own. */
export interface Origin {
  readonly url: string;
  /** How long each upload took it since this was last asked, from its head to its answer. */
  takeMilliseconds(): Promise<readonly number[]>;
  stop(): Promise<void>;
}

export async function startOrigin(): Promise<Origin> {
  const helper = new Helper<object, { url: string; milliseconds: readonly number[] }>(
    new URL("origin-process.ts", import.meta.url),
  );
  const { url } = await helper.ask({});
  return {
    url,
    takeMilliseconds: async () => (await helper.ask({})).milliseconds,
    stop: () => helper.stop(),
  };
}
