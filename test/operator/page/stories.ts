import type { HistoryEntry, SessionDetails } from "../../../src/operator/seat.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a generated session has lived through. */
export interface Story {
  /** How often it is told, beside the others. */
  readonly share: number;
  readonly state: SessionDetails["state"];
  readonly isWhole: boolean;
  readonly attempts: number;
  readonly outcome: string | null;
  readonly ended: Omit<HistoryEntry, "at" | "attempt">;
  readonly answer: SessionDetails["lastAnswer"];
  readonly deeds: SessionDetails["deeds"];
  /** Milliseconds since its last change, least and most. */
  readonly quietest: number;
  readonly quietMost: number;
  readonly file: (index: number) => string;
}

const ENDED = { event: "commit-ended", milliseconds: 1_840 } as const;
const BARE = { attempts: 0, outcome: null, ended: ENDED, answer: null } as const;
const deeds = (...kinds: readonly string[]): SessionDetails["deeds"] => ({
  commit: kinds.includes("commit"),
  release: kinds.includes("release"),
  cancel: kinds.includes("cancel"),
  prolong: kinds.includes("prolong"),
});

const report = (index: number): string => `report-2026-11-${String(1 + (index % 27)).padStart(2, "0")}.xlsx`;
const image = (index: number): string => `scan%20${10_000 + index}.dcm`;
const backup = (index: number): string => `backup-${index}.vhdx`;
/** Looks like annexe-fdp.exe where U+202E is obeyed. */
const reversed = (): string => "annex%E2%80%AEexe.pdf";

// prettier-ignore
export const STORIES: readonly Story[] = [
  { ...BARE, share: 900, state: "committed", isWhole: true, attempts: 1, outcome: "accepted", ended: { ...ENDED, outcome: "accepted", originStatus: 201 }, answer: { status: 201, fields: [] }, deeds: deeds(), quietest: 2_000, quietMost: 9 * DAY, file: image },
  { ...BARE, share: 3, state: "receiving", isWhole: false, deeds: deeds("cancel", "prolong"), quietest: 400, quietMost: MINUTE, file: backup },
  { ...BARE, share: 20, state: "receiving", isWhole: false, deeds: deeds("cancel", "prolong"), quietest: 5 * MINUTE, quietMost: 5 * DAY, file: report },
  { ...BARE, share: 4, state: "complete", isWhole: true, deeds: deeds("commit", "cancel", "prolong"), quietest: 3_000, quietMost: 20 * MINUTE, file: image },
  { ...BARE, share: 1, state: "committing", isWhole: true, deeds: deeds(), quietest: 500, quietMost: 40_000, file: backup },
  { share: 4, state: "failed", isWhole: true, attempts: 3, outcome: "applicationRefused", ended: { ...ENDED, outcome: "refused", originStatus: 507, status: 507, hresult: "0x801901FB", context: "0x7" }, answer: { status: 507, fields: [["Server", "Microsoft-IIS/10.0"], ["Retry-After", "600"]] }, deeds: deeds("commit", "cancel", "prolong"), quietest: 900, quietMost: 3 * HOUR, file: report },
  { share: 2, state: "failed", isWhole: true, attempts: 2, outcome: "originTimedOut", ended: { event: "commit-ended", milliseconds: 270_000, outcome: "silent", status: 504, hresult: "0x80072EE2", context: "0x7" }, answer: null, deeds: deeds("commit", "cancel", "prolong"), quietest: 5_000, quietMost: 2 * HOUR, file: backup },
  { share: 1, state: "refused", isWhole: true, attempts: 1, outcome: "destinationExists", ended: { ...ENDED, outcome: "destinationExists", originStatus: 412, status: 403, hresult: "0x80070005", context: "0x5" }, answer: { status: 412, fields: [["Server", "Microsoft-IIS/10.0"]] }, deeds: deeds("cancel", "prolong"), quietest: 30 * MINUTE, quietMost: DAY, file: reversed },
  { share: 1, state: "held", isWhole: true, attempts: 1, outcome: "originConnectionLost", ended: { ...ENDED, outcome: "silent", status: 502, hresult: "0x80072EFE", context: "0x7" }, answer: null, deeds: deeds("release", "cancel", "prolong"), quietest: 2 * MINUTE, quietMost: 6 * HOUR, file: report },
  { ...BARE, share: 12, state: "cancelled", isWhole: false, deeds: deeds(), quietest: HOUR, quietMost: 9 * DAY, file: report },
  { ...BARE, share: 5, state: "discarded", isWhole: false, deeds: deeds(), quietest: HOUR, quietMost: 9 * DAY, file: image },
];
