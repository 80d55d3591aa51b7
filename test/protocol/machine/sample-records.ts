import { type Fault } from "../../../src/protocol/faults.ts";
import type { SessionRecord } from "../../../src/protocol/session-record.ts";
import { PACKET, TOTAL } from "./session-player.ts";

/** The application's refusal, as a client is told of it. */
export const SAID_507: Fault = {
  fault: "applicationRefused",
  status: 507,
  hresult: 0x801901fb,
  context: 0x7,
};

/** The record of a session with every byte. */
export const WHOLE: SessionRecord = {
  ...PACKET,
  version: 2,
  state: "receiving",
  changedAt: 5,
  total: TOTAL,
  digest: null,
  commit: null,
  delivery: null,
};

/** … while its third attempt is out. */
export const SEALED = {
  ...WHOLE,
  state: "committing",
  digest: "digest",
  commit: { id: "key", attempts: 3, unknown: false, fault: null },
} as const satisfies SessionRecord;
/** … if one of its attempts may have arrived. */
export const UNSURE = { ...SEALED, commit: { ...SEALED.commit, unknown: true } };

/** What an acceptance has left to do. */
export const DELIVERY = { at: 7, copyToDestination: true, reply: "stored" } as const;
