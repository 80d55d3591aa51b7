import type { Network } from "./network.ts";
import { watchForSilence } from "./silence-watch.ts";

/**
 * Connects to the host of `url`, with TLS where it says https.
 *
 * @returns null where nobody takes the connection within `seconds`, or nobody that TLS vouches for
 */
export async function openSocket(url: string, network: Network, seconds: number): Promise<Socket | null> {
  const { hostname, port, protocol } = new URL(url);
  const isSecure = protocol === "https:";
  const watch = watchForSilence(seconds);
  let socket: Socket | null = null;
  try {
    socket = network.connect(
      { hostname, port: Number(port || (isSecure ? 443 : 80)) },
      // Half-open, so that an origin which has said all it has to say can still be sent what it has not read.
      { secureTransport: isSecure ? "on" : "off", allowHalfOpen: true },
    );
    const tooLate = new Promise<never>((_resolve, reject) => {
      watch.signal.addEventListener("abort", () => reject(new Error("nobody answers")));
    });
    await Promise.race([socket.opened, tooLate]);
    return socket;
  } catch {
    if (socket !== null) closeSocket(socket);
    return null;
  } finally {
    watch.stop();
  }
}

/** Whatever is still being written goes out first; one that is being opened is closed when it is open. */
export function closeSocket(socket: Socket): void {
  socket.close().catch(() => undefined); // it may have broken already
}
