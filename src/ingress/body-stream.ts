/** `atLeast` is null for a consumer that is not a BYOB reader of the app's. */
type Pull = (controller: ReadableByteStreamController, atLeast: number | null) => Promise<void>;

/** The runtime's stream by its constructor for byte sources, the one of several that is meant here. */
const ByteStream: new (source: UnderlyingByteSource) => ReadableStream<Uint8Array> = ReadableStream;

/**
 * A byte stream whose source learns how many bytes its reader asks for at least. The runtime's own `readAtLeast` holds the
 * bytes that have come so far, and throws them away if the stream errors. Here each read is a plain `read`, which the
 * source fills before it answers, so it can also answer with fewer bytes. A body has one read at a time and one kind of
 * consumer, as apps use it.
 */
export class BodyStream extends ByteStream {
  readonly #request: { atLeast: number | null };

  constructor(pull: Pull) {
    const request: { atLeast: number | null } = { atLeast: null };
    super({
      type: "bytes",
      pull(controller: ReadableByteStreamController) {
        const { atLeast } = request;
        if (atLeast !== null) request.atLeast = 1;
        return pull(controller, atLeast);
      },
    });
    this.#request = request;
  }

  override getReader(): ReadableStreamDefaultReader<Uint8Array>;
  override getReader(options: ReadableStreamGetReaderOptions): ReadableStreamBYOBReader;
  override getReader(options?: ReadableStreamGetReaderOptions) {
    if (options?.mode !== "byob") return super.getReader();
    const reader = super.getReader(options);
    const request = this.#request;
    request.atLeast = 1;
    reader.readAtLeast = function readAtLeast(atLeast, view) {
      request.atLeast = atLeast;
      return reader.read(view);
    };
    return reader;
  }
}
