import { hasOperators } from "../config/operator-settings.ts";
import { count, sendGrowth } from "../runtime/metrics.ts";
import { noteRefusal } from "../runtime/refusals.ts";
import { objectOf } from "../runtime/placement.ts";
import { METRICS_OBJECT } from "../signed/session-place.ts";
import type { Verdict } from "./verdict.ts";
import type { Visit } from "./visit.ts";

/** Counts a packet and its Ack, for the metrics. An Ack counts even if the client has left. */
export function countPacket(visit: Visit, { fault }: Verdict): void {
  const { type, packet, directory, config, bindings, sender } = visit;
  const status = fault?.status ?? 200;
  count("bitsedge_acks_total", { packet: type ?? "none", status, fault: fault?.fault ?? "none" });
  if (fault !== null) noteRefusal(sender.clientAddress, fault.fault, Date.now());
  if (fault === null && "type" in packet && packet.type === "Fragment")
    count("bitsedge_received_bytes_total", { directory: directory?.path ?? "none" }, packet.contentLength);
  if (config instanceof Error || !hasOperators(config.operator)) return; // metrics that nobody can see cost nothing
  void sendGrowth(() => objectOf(bindings.SESSION_COUNTERS, METRICS_OBJECT, config.placement));
}
