import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { routeTo } from "../bits-client/route.ts";
import type { TlsSettings } from "../bits-client/tls-settings.ts";
import { transportError } from "../bits-client/transport-error.ts";
import { printable } from "../terminal/in-units.ts";
import { bad, doubtful, type Finding, good, none } from "./finding.ts";

const HANDSHAKE_MILLISECONDS = 10_000;
/** Renewals that work have happened by then: ACME clients renew a month before the end. */
const DAYS_LEFT = 14;

const MEANS =
  "Clients end the connection before they say anything; Windows shows a WinHTTP error of 0x80072Fnn.";

/** TLS: whether a client would believe the certificate, for how long still, and which HTTP is chosen. */
export async function examineCertificate(
  url: URL,
  settings: TlsSettings,
  signal: AbortSignal,
): Promise<Finding[]> {
  if (url.protocol !== "https:") return [none("TLS", "the URL says http: nothing is encrypted")];
  let socket: TLSSocket;
  try {
    socket = await shakeHands(url, settings, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { message } = transportError(error);
    const advice =
      "Look whether this port is meant for TLS, and for TLS 1.2 or 1.3 in the gateway's settings.";
    return [bad("TLS", message, "No client gets as far as HTTP.", advice)];
  }
  try {
    return [judgeCertificate(socket, url.hostname), judgeProtocol(socket)];
  } finally {
    socket.destroy();
  }
}

/** Judges nothing by itself: an invalid certificate is to be looked at, not to be run from. */
async function shakeHands(url: URL, { ca, cert, key }: TlsSettings, signal: AbortSignal): Promise<TLSSocket> {
  const { hostname, port } = routeTo(url, {});
  const socket = connect({
    host: hostname,
    port,
    ...(isIP(hostname) > 0 ? {} : { servername: hostname }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: false,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  const late = AbortSignal.any([signal, AbortSignal.timeout(HANDSHAKE_MILLISECONDS)]);
  try {
    await once(socket, "secureConnect", { signal: late });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function judgeCertificate(socket: TLSSocket, hostname: string): Finding {
  const certificate = socket.getPeerCertificate();
  const from = printable(issuerOf(certificate), 60);
  const until = new Date(certificate.valid_to);
  // Node gives the code here, whatever the declared type.
  const refused = socket.authorizationError as Error | string | null;
  if (!socket.authorized && refused !== null) {
    const code =
      typeof refused === "string" ? refused : String("code" in refused ? refused.code : refused.message);
    const error = transportError(Object.assign(new Error(code), { code }));
    return bad("TLS", `${error.message}${namesOf(certificate, code)}`, MEANS, adviceFor(code));
  }
  const days = Math.floor((until.getTime() - Date.now()) / 86_400_000);
  const says = `certificate for ${hostname} from ${from}, ${days} days left`;
  if (days >= DAYS_LEFT) return good("TLS", says);
  return doubtful(
    "TLS",
    says,
    "Clients fail when it is over.",
    "Renew it, and look why nobody has renewed it by now.",
  );
}

function issuerOf({ issuer }: PeerCertificate): string {
  return [issuer.O ?? issuer.CN ?? "an unknown authority"].flat().join(", ");
}

function namesOf({ subjectaltname: names = "" }: PeerCertificate, code: string): string {
  return code === "ERR_TLS_CERT_ALTNAME_INVALID" ? `: it is for ${printable(names, 120)}` : "";
}

function adviceFor(code: string): string {
  if (code === "CERT_HAS_EXPIRED") return "Renew it, and reload the gateway.";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return "Get one for the name that clients use, or have them use its name.";
  if (/UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)/.test(code)) {
    return "Serve the whole chain, the server's own certificate first; for an authority of your own trust it on every client.";
  }
  return "Use an authority that clients trust, or have them trust this one; here: --ca FILE.";
}

/** BITS is HTTP/1.1's ([MC-BUP] 2.2.1); Windows' WinHTTP takes HTTP/2 where it is offered and allowed. */
function judgeProtocol(socket: TLSSocket): Finding {
  const protocol = socket.getProtocol() ?? "TLS";
  const chosen = socket.alpnProtocol;
  if (chosen !== "h2") return good("HTTP version", `HTTP/1.1 over ${protocol}`);
  return doubtful(
    "HTTP version",
    `offers HTTP/2 over ${protocol}`,
    "BITS_POST is a matter of HTTP/1.1; a client that takes HTTP/2 may find its verb refused.",
    'Offer http/1.1 alone on this name: no "http2" in nginx, "alpn http/1.1" in HAProxy.',
  );
}
