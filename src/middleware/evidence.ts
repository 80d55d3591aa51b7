import { type FaultName, isFault } from "../protocol/faults.ts";
import { BITS_UPLOAD_PROTOCOL, HEADER } from "../protocol/headers.ts";
import { PACKET_TYPES } from "../protocol/packet.ts";
import { isBoundedField } from "../protocol/parse-packet.ts";
import type { Evidence, Verdict } from "./verdict.ts";
import { isServed, type Visit } from "./visit.ts";

/** Enough of a field to show what is wrong with it. */
const MOST_LETTERS = 100;
const NONE: Evidence = { got: null, allowed: null };

/** Faults whose evidence is in the visit and the Ack's offset. If a check knows more, its verdict has the evidence. */
const EVIDENCE: { readonly [name in FaultName]?: (visit: Visit, verdict: Verdict) => Evidence } = {
  headerTooLong: (visit) => ({ got: longestField(visit), allowed: "4096 bytes" }),
  unknownPacketType: (visit) => ({ got: field(visit, HEADER.packetType), allowed: PACKET_TYPES.join(", ") }),
  contentLengthMissing: (visit) => ({
    got: field(visit, HEADER.transferEncoding) ?? field(visit, HEADER.contentLength),
    allowed: "Content-Length: digits",
  }),
  bodyNotAllowed: (visit) => ({ got: field(visit, HEADER.contentLength), allowed: 0 }),
  contentRangeInvalid: (visit) => ({
    got: field(visit, HEADER.contentRange),
    allowed: "bytes first-last/total",
  }),
  contentRangeMismatch: (visit) => ({
    got: `${field(visit, HEADER.contentRange)}, Content-Length ${field(visit, HEADER.contentLength)}`,
    allowed: "the same length in both",
  }),
  totalChanged: (visit) => ({ got: totalOf(visit), allowed: "the total of the first Fragment" }),
  contentEncodingUnknown: (visit) => ({ got: field(visit, HEADER.contentEncoding), allowed: "identity" }),
  protocolsMissing: () => ({ got: null, allowed: BITS_UPLOAD_PROTOCOL }),
  noCommonProtocol: (visit) => ({
    got: field(visit, HEADER.supportedProtocols),
    allowed: BITS_UPLOAD_PROTOCOL,
  }),
  offsetGap: ({ packet }, { offset }) => ({
    got: !isFault(packet) && packet.type === "Fragment" ? packet.range.first : null,
    allowed: offset,
  }),
  fragmentTooLarge: (visit) => ({
    got: Number(field(visit, HEADER.contentLength)),
    allowed: isServed(visit) ? visit.config.maximumFragmentBytes : null,
  }),
  uploadTooLarge: (visit) => ({
    got: totalOf(visit) ?? field(visit, HEADER.contentRange),
    allowed: visit.directory?.maximumUploadBytes ?? null,
  }),
};

/** The evidence for a verdict's fault; nulls where the fault's name says it all. */
export function evidenceOf(visit: Visit, verdict: Verdict): Evidence {
  const derive = verdict.fault === null ? undefined : EVIDENCE[verdict.fault.fault as FaultName];
  return verdict.evidence ?? derive?.(visit, verdict) ?? NONE;
}

function field({ request }: Visit, name: string): string | null {
  return request.headers.get(name)?.slice(0, MOST_LETTERS) ?? null;
}

function totalOf({ packet }: Visit): number | null {
  return !isFault(packet) && packet.type === "Fragment" ? packet.range.total : null;
}

/** Name and length of the longest field that the edge reads. */
function longestField({ request }: Visit): string {
  const lengths = [...request.headers]
    .filter(([name]) => isBoundedField(name))
    .map(([name, { length }]) => ({ name, length }))
    .toSorted((one, other) => other.length - one.length);
  return `${lengths[0]?.name ?? "a field"}: ${lengths[0]?.length ?? 0} characters`;
}
