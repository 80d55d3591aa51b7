import { type Conversion, nothing, type Properties, wholeNumber } from "./conversion.ts";
import { quote } from "./quote.ts";

/** A host with or without a port, of at most 300 characters; src/config/config.ts asks for the same. */
export const HOST_ID = /^(?=.{1,300}$)(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/;

/** BITSHostId and BITSHostIdFallbackTimeout, which means something only beside it. */
export function convertHostId(properties: Properties): Conversion {
  const hostId = properties.get("BITSHostId")?.trim() ?? "";
  const timeout = properties.get("BITSHostIdFallbackTimeout");
  if (hostId === "") {
    if (timeout === undefined) return nothing();
    const why = "it means nothing without BITSHostId.";
    return nothing(`BITSHostIdFallbackTimeout = ${quote(timeout)} is not carried over: ${why}`);
  }
  if (!HOST_ID.test(hostId)) {
    return nothing(`BITSHostId = ${quote(hostId)} is not carried over: it is no name of a host.`);
  }
  const look =
    `host_id sends the rest of every upload to ${quote(hostId)}: keep it only where that name leads to the edge, ` +
    "which itself needs none, because it finds a session from anywhere.";
  const host = ["host_id", hostId] as const;
  if (timeout === undefined) return { settings: [host], notes: [look] };
  const seconds = wholeNumber(timeout);
  if (seconds === null) {
    const why = "it is no time; the default of one day applies.";
    return {
      settings: [host],
      notes: [look, `BITSHostIdFallbackTimeout = ${quote(timeout)} is not carried over: ${why}`],
    };
  }
  return { settings: [host, ["host_id_fallback_timeout_seconds", seconds]], notes: [look] };
}
