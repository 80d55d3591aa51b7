import type { Conversion, Properties, Setting } from "./conversion.ts";
import { HOST_ID } from "./convert-host-id.ts";
import { quote } from "./quote.ts";

const NEEDS =
  'handover = "bits" needs nothing of the origin but its BITS server extension. The other choice, "request", needs a ' +
  "server that takes whole files by PUT, and a maxAllowedContentLength of the largest upload.";

/**
 * A directory whose origin keeps its BITS server extension: the uploads go to it, and whatever it does with them, such as
 * telling an application, it does as before.
 */
export function convertHandover(properties: Properties): Conversion {
  const type = properties.get("BITSServerNotificationType")?.trim() ?? "";
  const isTold = type !== "" && type !== "0" && type.toLowerCase() !== "none";
  const hostId = properties.get("BITSHostId")?.trim() ?? "";
  const isHost = HOST_ID.test(hostId);
  const settings: readonly Setting[] = [
    ["handover", "bits"],
    // IIS tells its application of the last Fragment, and says in that Ack where the reply is.
    ...(isTold ? [["commit_on", "last-fragment"] as const] : []),
    ...(isHost ? [["origin_hosts", [hostId]] as const] : []),
  ];
  const told = `BITSServerNotificationType = ${quote(type)} stays with the origin, which tells its application itself.`;
  const host = isHost
    ? `BITSHostId = ${quote(hostId)} is where the origin sends the edge: see that the edge reaches it.`
    : `BITSHostId = ${quote(hostId)} is not carried over: it is no name of a host.`;
  return { settings, notes: [NEEDS, ...(isTold ? [told] : []), ...(hostId === "" ? [] : [host])] };
}
