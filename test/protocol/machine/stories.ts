import type { SessionState } from "../../../src/protocol/transitions.ts";
import type { DirectoryName } from "./session-player.ts";

/**
 * What happens to a session, line by line.
 * Where it stood; a packet, or how an attempt ended; what the table has it do ("" for the end of an attempt); where it
 * stands then; what the client is told: status and error code, "" where it waits.
 */
export type Line = readonly [
  from: SessionState,
  event: string,
  action: string,
  to: SessionState,
  told: string,
];

export interface Story {
  readonly title: string;
  readonly directory: DirectoryName;
  readonly lines: readonly Line[];
}

const UNKNOWN = "500 0x8020001F";
const EARLY = "400 0x80070057";

/** Every cell of TRANSITIONS is in one of them. */
// prettier-ignore
export const STORIES: readonly Story[] = [
  {
    title: "a plain upload", directory: "plain", lines: [
      ["new",        "Fragment 0-9",           "store",       "receiving",  "200"],
      ["receiving",  "Fragment 15-19",         "store",       "receiving",  "416"],
      ["receiving",  "Fragment 5-19",          "store",       "complete",   "200"],
      ["complete",   "Fragment 10-19",         "acknowledge", "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "Fragment 10-19",         "acknowledge", "committing", "200"],
      ["committing", "Close",                  "join",        "committing", ""],
      ["committing", "2xx",                    "",            "committed",  "200"],
      ["committed",  "Close",                  "replay",      "committed",  "200"],
      ["committed",  "Fragment 10-19",         "acknowledge", "committed",  "200"],
      ["committed",  "Complete",               "replay",      "committed",  "200"],
      ["committed",  "Cancel",                 "acknowledge", "committed",  "200"],
    ],
  },
  {
    title: "closed before its first byte", directory: "plain", lines: [
      ["new",        "Complete",               "deny",        "new",        UNKNOWN],
      ["new",        "Close",                  "discard",     "discarded",  EARLY],
      ["discarded",  "Close",                  "replay",      "discarded",  EARLY],
      ["discarded",  "Fragment 0-9",           "deny",        "discarded",  UNKNOWN],
      ["discarded",  "Complete",               "deny",        "discarded",  UNKNOWN],
      ["discarded",  "Cancel",                 "acknowledge", "discarded",  "200"],
    ],
  },
  {
    title: "closed before its last byte", directory: "plain", lines: [
      ["new",        "Fragment 0-9",           "store",       "receiving",  "200"],
      ["receiving",  "Complete",               "deny",        "receiving",  UNKNOWN],
      ["receiving",  "Close",                  "discard",     "discarded",  EARLY],
    ],
  },
  {
    title: "cancelled before its first byte", directory: "plain", lines: [
      ["new",        "Cancel",                 "cancel",      "cancelled",  "200"],
      ["cancelled",  "Cancel",                 "acknowledge", "cancelled",  "200"],
      ["cancelled",  "Fragment 0-9",           "deny",        "cancelled",  UNKNOWN],
      ["cancelled",  "Complete",               "deny",        "cancelled",  UNKNOWN],
      ["cancelled",  "Close",                  "deny",        "cancelled",  UNKNOWN],
    ],
  },
  {
    title: "cancelled on its way", directory: "plain", lines: [
      ["new",        "Fragment 0-9",           "store",       "receiving",  "200"],
      ["receiving",  "Cancel",                 "cancel",      "cancelled",  "200"],
    ],
  },
  {
    title: "cancelled when all is here", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Cancel",                 "cancel",      "cancelled",  "200"],
    ],
  },
  {
    title: "cancelled during a commit that succeeds", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "Cancel",                 "await",       "committing", ""],
      ["committing", "2xx",                    "",            "committed",  "200"],
      ["committed",  "Cancel",                 "acknowledge", "committed",  "200"],
    ],
  },
  {
    title: "cancelled during a commit that fails", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "Cancel",                 "await",       "committing", ""],
      ["committing", "507",                    "",            "failed",     "507 0x801901FB"],
      ["failed",     "Cancel",                 "cancel",      "cancelled",  "200"],
    ],
  },
  {
    title: "the application is asked again, until it has it", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "500",                    "",            "failed",     "500 0x801901F4"],
      ["failed",     "Fragment 10-19",         "acknowledge", "failed",     "200"],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "no answer",              "",            "failed",     "504 0x80072EE2"],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "no connection",          "",            "failed",     "502 0x80072EFD"],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "lost connection",        "",            "failed",     "502 0x80072EFE"],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "2xx",                    "",            "committed",  "200"],
    ],
  },
  {
    title: "the application refuses for good", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "403",                    "",            "refused",    "403 0x80190193"],
      ["refused",    "Close",                  "replay",      "refused",    "403 0x80190193"],
      ["refused",    "Complete",               "replay",      "refused",    "403 0x80190193"],
      ["refused",    "Fragment 10-19",         "acknowledge", "refused",    "200"],
      ["refused",    "Cancel",                 "cancel",      "cancelled",  "200"],
    ],
  },
  {
    title: "a file is at the destination", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "a file is there",        "",            "refused",    "403 0x80070005"],
      ["refused",    "Close",                  "replay",      "refused",    "403 0x80070005"],
    ],
  },
  {
    title: "the application's 413 is told once, and is no word of the protocol", directory: "reply", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Complete",               "commit",      "committing", ""],
      ["committing", "413",                    "",            "refused",    "403 0x8019019D"],
      ["refused",    "Complete",               "replay",      "refused",    "403 0x8019019D"],
      ["refused",    "Close",                  "replay",      "refused",    "403 0x8019019D"],
    ],
  },
  {
    title: "the edge dies during a commit", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "the edge dies",          "",            "orphaned",   ""],
      ["orphaned",   "Fragment 10-19",         "acknowledge", "orphaned",   "200"],
      ["orphaned",   "Close",                  "commit",      "committing", ""],
      ["committing", "2xx",                    "",            "committed",  "200"],
    ],
  },
  {
    title: "the edge dies during a commit, and the client cancels", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "the edge dies",          "",            "orphaned",   ""],
      ["orphaned",   "Cancel",                 "cancel",      "cancelled",  "200"],
    ],
  },
  {
    title: "the edge dies, and the operator does not want an application told twice", directory: "notified, hold", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "the edge dies",          "",            "orphaned",   ""],
      ["orphaned",   "Close",                  "commit",      "held",       ""],
      ["held",       "Close",                  "replay",      "held",       "503 0x801901F7"],
      ["held",       "Complete",               "replay",      "held",       "503 0x801901F7"],
      ["held",       "Fragment 10-19",         "acknowledge", "held",       "200"],
      ["held",       "the operator: notified", "",            "failed",     ""],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "2xx",                    "",            "committed",  "200"],
    ],
  },
  {
    title: "an application that may have been told is held, and cancelled", directory: "by reference, hold", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Complete",               "commit",      "committing", ""],
      ["committing", "504",                    "",            "held",       "503 0x801901F7"],
      ["held",       "Cancel",                 "cancel",      "cancelled",  "200"],
    ],
  },
  {
    title: "… by its gateway", directory: "notified, hold", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "502",                    "",            "held",       "503 0x801901F7"],
    ],
  },
  {
    title: "an application that was certainly not told is asked again", directory: "notified, hold", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "no connection",          "",            "failed",     "502 0x80072EFD"],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "500",                    "",            "failed",     "500 0x801901F4"],
    ],
  },
  {
    title: "a definite answer says nothing of the attempt before", directory: "notified, hold", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "no answer",              "",            "held",       "503 0x801901F7"],
      ["held",       "the operator: notified", "",            "failed",     ""],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "500",                    "",            "failed",     "500 0x801901F4"],
      ["failed",     "the operator: notified, hold", "",      "held",       ""],
    ],
  },
  {
    title: "a file may be put twice, whatever the operator says of applications", directory: "plain, hold", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "no answer",              "",            "failed",     "504 0x80072EE2"],
      ["failed",     "Close",                  "commit",      "committing", ""],
    ],
  },
  {
    title: "a directory that has left the configuration holds nothing", directory: "notified, hold", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "no answer",              "",            "held",       "503 0x801901F7"],
      ["held",       "the operator: none",     "",            "failed",     ""],
    ],
  },
  {
    title: "an upload-reply", directory: "reply", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Complete",               "commit",      "committing", ""],
      ["committing", "Complete",               "join",        "committing", ""],
      ["committing", "2xx",                    "",            "delivered",  "200"],
      ["delivered",  "Fragment 10-19",         "acknowledge", "delivered",  "200"],
      ["delivered",  "Complete",               "replay",      "delivered",  "200"],
      ["delivered",  "Close",                  "finish",      "committed",  "200"],
      ["committed",  "Close",                  "replay",      "committed",  "200"],
    ],
  },
  {
    title: "an upload-reply that fails first, at both packets", directory: "reply", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Complete",               "commit",      "committing", ""],
      ["committing", "507",                    "",            "failed",     "507 0x801901FB"],
      ["failed",     "Complete",               "commit",      "committing", ""],
      ["committing", "the edge dies",          "",            "orphaned",   ""],
      ["orphaned",   "Complete",               "commit",      "committing", ""],
      ["committing", "2xx and a URL",      "",            "delivered",  "200"],
      ["delivered",  "Cancel",                 "cancel",      "cancelled",  "200"],
    ],
  },
  {
    title: "a reply that is too large: the application has the upload, and is not told again", directory: "reply", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Complete",               "commit",      "committing", ""],
      ["committing", "2xx and too much",   "",            "refused",    "403 0x800700DF"],
      ["refused",    "Close",                  "replay",      "refused",    "403 0x800700DF"],
    ],
  },
  {
    title: "an application that wants the file at its destination too", directory: "notified", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "2xx and a copy",         "",            "delivered",  "200"],
      ["delivered",  "Close",                  "finish",      "committing", ""],
      ["committing", "507",                    "",            "delivered",  "200"],
      ["delivered",  "Close",                  "finish",      "committing", ""],
      ["committing", "the edge dies",          "",            "orphaned",   ""],
      ["orphaned",   "Close",                  "commit",      "committing", ""],
      ["committing", "2xx and a copy",         "",            "committed",  "200"],
    ],
  },
  {
    title: "… where a file is, that may not be replaced", directory: "reply", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Complete",               "commit",      "committing", ""],
      ["committing", "2xx and a copy",         "",            "delivered",  "200"],
      ["delivered",  "Close",                  "finish",      "committing", ""],
      ["committing", "a file is there",        "",            "delivered",  "200"],
      ["delivered",  "Close",                  "finish",      "delivered",  "403 0x80070005"],
    ],
  },
  {
    title: "a plain upload has no reply and no copy, whatever the origin says", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "2xx and a copy",         "",            "committed",  "200"],
    ],
  },
  {
    title: "the wrong bytes, by the digest that the client announced", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "wrong digest",           "",            "discarded",  "400 0x80070057"],
      ["discarded",  "Close",                  "replay",      "discarded",  "400 0x80070057"],
    ],
  },
  {
    title: "an upload for the origin's own BITS server", directory: "bits", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "the origin: filling",    "",            "committing", ""],
      ["committing", "the edge dies",          "",            "orphaned",   ""],
      ["orphaned",   "Close",                  "commit",      "committing", ""],
      ["committing", "the origin: closing",    "",            "committing", ""],
      ["committing", "2xx",                    "",            "committed",  "200"],
    ],
  },
  {
    title: "… whose application is told of the last Fragment", directory: "bits", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Complete",               "commit",      "committing", ""],
      ["committing", "the origin: whole",      "",            "committing", ""],
      ["committing", "2xx and a copy",         "",            "delivered",  "200"],
      ["delivered",  "Complete",               "replay",      "delivered",  "200"],
      ["delivered",  "Close",                  "finish",      "committing", ""],
      ["committing", "the origin: closing",    "",            "committing", ""],
      ["committing", "lost connection",        "",            "delivered",  "200"],
      ["delivered",  "Close",                  "finish",      "committing", ""],
      ["committing", "2xx",                    "",            "committed",  "200"],
    ],
  },
  {
    title: "the edge dies, and the origin certainly has not published anything", directory: "bits, hold", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "the edge dies",          "",            "orphaned",   ""],
      ["orphaned",   "Close",                  "commit",      "committing", ""],
      ["committing", "504",                    "",            "failed",     "504 0x801901F8"],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "the origin: filling",    "",            "committing", ""],
      ["committing", "lost connection",        "",            "failed",     "502 0x80072EFE"],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "the origin: nowhere",    "",            "committing", ""],
      ["committing", "502",                    "",            "failed",     "502 0x801901F6"],
    ],
  },
  {
    title: "an origin that knows the session is asked again what became of it", directory: "bits, hold", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "the origin: closing",    "",            "committing", ""],
      ["committing", "the edge dies",          "",            "orphaned",   ""],
      ["orphaned",   "Close",                  "commit",      "committing", ""],
      ["committing", "lost connection",        "",            "failed",     "502 0x80072EFE"],
      ["failed",     "Close",                  "commit",      "committing", ""],
      ["committing", "the origin: gone",       "",            "committing", ""],
      ["committing", "the edge dies",          "",            "orphaned",   ""],
      ["orphaned",   "Close",                  "commit",      "held",       ""],
      ["held",       "Close",                  "replay",      "held",       "503 0x801901F7"],
      ["held",       "the operator: bits",     "",            "failed",     ""],
      ["failed",     "the operator: bits, hold", "",          "held",       ""],
      ["held",       "the operator: none",     "",            "failed",     ""],
    ],
  },
  {
    title: "what went there in one request is held as an unknown outcome of the origin's", directory: "plain", lines: [
      ["new",        "Fragment 0-19",          "store",       "complete",   "200"],
      ["complete",   "Close",                  "commit",      "committing", ""],
      ["committing", "no answer",              "",            "failed",     "504 0x80072EE2"],
      ["failed",     "the operator: bits, hold", "",          "held",       ""],
    ],
  },
];
