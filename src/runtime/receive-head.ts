const READ_BYTES = 4096;

/**
 * Reads from a connection until the head of its answer is whole.
 *
 * @param answer takes the bytes as they come, and gives the head once it is whole
 * @param heard called for every piece that came
 * @throws TypeError where the connection ends before that; what `answer` throws
 */
export async function receiveHead<Head>(
  reader: ReadableStreamBYOBReader,
  answer: { push(bytes: Uint8Array): Head | null },
  heard: () => void,
): Promise<Head> {
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(READ_BYTES));
    const read = value === undefined ? null : answer.push(value);
    heard();
    if (read !== null) return read;
    if (done) throw new TypeError("the connection ended before the answer");
  }
}
