import { TlsTunnel } from "../peers/tls-tunnel.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource } from "../support/upload-source.ts";
import type { Balancer } from "./balancer.ts";

/** One upload through the balancer's TLS port, as a client with an https:// URL makes it; the status of its Close-Session. */
export async function uploadThroughTls({ tlsPort, certificate }: Balancer): Promise<number> {
  await using tunnel = await TlsTunnel.open(tlsPort, certificate.pem);
  const url = `http://127.0.0.1:${tunnel.port}/files/through-tls.bin`;
  const { closeAck } = await uploadFile(patternSource(3 << 20, "tls"), url, { tries: 300 });
  return closeAck.status;
}
