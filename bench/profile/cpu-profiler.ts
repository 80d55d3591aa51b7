/** What V8's profiler gives: a tree of call sites, and which of them each sample met. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children?: readonly number[];
}

const SAMPLE_MICROSECONDS = 200;

/** The CPU profiler of a running workerd, over its inspector (the Chrome DevTools Protocol). */
export class CpuProfiler {
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #ids = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result, error } = JSON.parse(String(data)) as {
        id?: number;
        result?: unknown;
        error?: object;
      };
      const call = this.#calls.get(id ?? 0);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(JSON.stringify(error)));
    });
  }

  static async attach(port: number): Promise<CpuProfiler> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/main`);
    const opened = Promise.withResolvers<void>();
    socket.addEventListener("open", () => opened.resolve());
    socket.addEventListener("error", () => opened.reject(new Error("the inspector does not answer")));
    await opened.promise;
    return new CpuProfiler(socket);
  }

  async start(): Promise<void> {
    await this.#call("Profiler.enable");
    await this.#call("Profiler.setSamplingInterval", { interval: SAMPLE_MICROSECONDS });
    await this.#call("Profiler.start");
  }

  async stop(): Promise<CpuProfile> {
    const { profile } = (await this.#call("Profiler.stop")) as { profile: CpuProfile };
    return profile;
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string, params: object = {}): Promise<unknown> {
    const call = Promise.withResolvers<unknown>();
    const id = ++this.#ids;
    this.#calls.set(id, call);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return call.promise;
  }
}
