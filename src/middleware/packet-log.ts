import { ConfigError } from "../config/config.ts";
import type { PacketType } from "../protocol/packet.ts";
import { formatHresult } from "../protocol/write-ack.ts";
import { log } from "../runtime/log.ts";
import { evidenceOf } from "./evidence.ts";
import type { Verdict } from "./verdict.ts";
import type { Visit } from "./visit.ts";

/** The Acks of these packets are logged even if all is well. */
const ENDING: ReadonlySet<PacketType | null> = new Set(["Close-Session", "Cancel-Session"]);

/**
 * Logs a packet if its verdict is an event: a session that begins or ends, a fault, a client that left, a failure. An
 * accepted Fragment is no event. docs/operations.md lists the fields.
 */
export function logPacket(visit: Visit, verdict: Verdict): void {
  const { type, sessionId, directory, path, sender } = visit;
  const { offset, fault, created, clientLeft, error } = verdict;
  const subject = {
    session: created ?? sessionId,
    directory: directory?.path ?? null,
    destination: path,
    client: sender.clientAddress,
  };
  const about = { packet: type, ...subject };
  const milliseconds = Date.now() - visit.startedAt;
  if (error !== undefined) {
    return log(error instanceof ConfigError ? "misconfigured" : "failed", { ...about, error: error.message });
  }
  if (created !== undefined) return log("created", subject);
  if (clientLeft === true) return log("abandoned", { ...about, offset, milliseconds });
  if (fault === null && !ENDING.has(type)) return;
  const hresult = fault?.hresult ?? null;
  log("acked", {
    ...about,
    offset,
    status: fault?.status ?? 200,
    hresult: hresult === null ? null : formatHresult(hresult),
    fault: fault?.fault ?? null,
    ...evidenceOf(visit, verdict),
    milliseconds,
  });
}
