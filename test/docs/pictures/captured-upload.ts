import { setTimeout as pause } from "node:timers/promises";
import { closeSession, createSession, formatPacketHead, fragment, ping } from "../../support/bits-client.ts";
import { contentOf } from "../../support/content.ts";
import { startEdge } from "../../support/edge.ts";
import { startLegacyOrigin } from "../../support/legacy-origin.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { RecordingWire, type WireMessage } from "./recording-wire.ts";

/** A message, who said it and to whom. */
export interface CapturedMessage extends WireMessage {
  readonly from: "client" | "edge" | "origin";
  readonly to: "client" | "edge" | "origin";
  /** Which of the connections between the two, from 1 on. */
  readonly connection: number;
}

const MEBIBYTE = 1 << 20;
const TARGET = "/uploads/report.bin";
const TOTAL = 3 * MEBIBYTE;
/** Windows sends up to 13 MB in one; these are shorter so that there are several. */
const FRAGMENT = MEBIBYTE;
const BROKEN_AT = FRAGMENT + 700_000;
/** After a break Windows feels its way with a small Fragment, whose Ack tells what is stored. */
const CAREFUL = 5_120;

/** An upload that loses its connection inside a Fragment, as it went over the wire, before the edge and behind it. */
export async function captureUpload(): Promise<CapturedMessage[]> {
  await using origin = await startLegacyOrigin();
  await using behind = await RecordingWire.open(Number(new URL(origin.url).port));
  await using edge = await startEdge({
    vars: {
      ORIGIN_URL: `http://127.0.0.1:${behind.port}`,
      UPLOAD_DIRECTORIES: [{ path: "/uploads/" }],
    },
  });
  await using before = await RecordingWire.open(edge.tcpPort);
  await uploadWithABreak(before);
  const messages = [...between("client", "edge", before), ...between("edge", "origin", behind)];
  return messages.toSorted((one, other) => one.order - other.order);
}

async function uploadWithABreak(wire: RecordingWire): Promise<void> {
  const bytes = contentOf(TOTAL, "captured");
  const open = async (): Promise<RawConnection> => RawConnection.open("127.0.0.1", wire.port);
  const first = await open();
  const { sessionId = "" } = await createSession(first, TARGET);
  const rangeOf = (from: number, to: number) => ({
    sessionId,
    first: from,
    total: TOTAL,
    length: to - from,
    bytes: bytes.subarray(from, to),
  });
  await fragment(first, TARGET, rangeOf(0, FRAGMENT));
  const torn = rangeOf(FRAGMENT, 2 * FRAGMENT);
  await first.send(formatPacketHead(first, TARGET, "Fragment", torn));
  await first.send(bytes.subarray(FRAGMENT, BROKEN_AT));
  // The picture is the same each time only if all that was sent has arrived.
  while (wire.bytesAsked(1) < BROKEN_AT) await pause(5);
  first.halfClose();
  await first.readToEnd().catch(() => {});
  first.destroy();

  using second = await open();
  await ping(second, TARGET);
  const resumed = await fragment(second, TARGET, rangeOf(FRAGMENT, FRAGMENT + CAREFUL));
  await fragment(second, TARGET, rangeOf(resumed.receivedContentRange ?? 0, TOTAL));
  await closeSession(second, TARGET, sessionId);
}

function between(one: "client" | "edge", other: "edge" | "origin", wire: RecordingWire): CapturedMessage[] {
  return wire.exchanges().flatMap(({ request, answer, connection }): CapturedMessage[] => {
    const asked = { ...request, from: one, to: other, connection };
    return answer === undefined ? [asked] : [asked, { ...answer, from: other, to: one, connection }];
  });
}
