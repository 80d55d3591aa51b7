import { type Ack, formatPacketHead, type PacketOptions, readAck } from "./bits-client.ts";
import type { HttpResponse } from "./http-response.ts";
import { ConnectionLost, type RawConnection } from "./raw-connection.ts";
import type { UploadSource } from "./upload-source.ts";

/** A Fragment whose bytes come from a source as they are sent. */
export interface StreamedFragment {
  sessionId: string;
  first: number;
  length: number;
  /** Offset in the file at which the connection is destroyed, if it lies inside this fragment. */
  breakAt?: number | undefined;
  /** Called with the offset in the file up to which bytes have left. */
  onSent: (offset: number) => void;
}

/**
 * Sends one Fragment without a copy of its bytes and reads the Ack. An answer that comes before the last
 * byte ends the sending if it also ends the connection; otherwise the rest is sent, as HTTP wants.
 *
 * @throws {@link ConnectionLost} too when the break that was asked for has been made.
 */
export async function streamFragment(
  connection: RawConnection,
  target: string,
  source: UploadSource,
  fragment: StreamedFragment,
  options: PacketOptions,
): Promise<Ack> {
  const { first, length, sessionId } = fragment;
  const head = formatPacketHead(
    connection,
    target,
    "Fragment",
    { sessionId, first, length, total: source.size },
    options,
  );
  const limit = options.timeoutMilliseconds;
  const answering = connection.readResponse(limit === undefined ? {} : { timeoutMilliseconds: limit });
  let answer: HttpResponse | undefined;
  answering.then(
    (response) => (answer = response),
    () => {},
  );
  const breakAt = fragment.breakAt ?? Number.POSITIVE_INFINITY;
  let position = first;
  try {
    await connection.send(head);
    for await (const chunk of source.read(first, length)) {
      if (saysClose(answer)) break;
      const part = chunk.subarray(0, breakAt - position);
      if (part.length > 0) await connection.send(part);
      position += part.length;
      fragment.onSent(position);
      if (position === breakAt) {
        connection.destroy();
        throw new ConnectionLost(`broken on purpose at offset ${breakAt}`);
      }
    }
  } catch (error) {
    // The server may have answered before it hung up: `answering` knows, and fails if it has not.
    if (!(error instanceof ConnectionLost)) throw error;
  }
  return readAck(await answering);
}

/** Whether the server ends the connection after this response. */
export function saysClose(response: HttpResponse | undefined): boolean {
  return /\bclose\b/i.test(response?.header("Connection") ?? "");
}
