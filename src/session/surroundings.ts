import type { Alarm } from "./alarm.ts";
import type { HostStorage } from "./host-storage.ts";
import type { Listing } from "./listing.ts";
import type { MovedTable } from "./moved-table.ts";
import type { OpenSessions } from "./open-sessions.ts";
import type { SessionTables } from "./session-tables.ts";
import type { SessionWorld } from "./session-world.ts";
import type { StagedFragments } from "./staged-fragments.ts";
import type { Sweeper } from "./sweeper.ts";

/** What the sessions of one object share. */
export interface Surroundings {
  readonly world: SessionWorld;
  readonly storage: HostStorage;
  readonly tables: SessionTables;
  readonly alarm: Alarm;
  readonly sweeper: Sweeper;
  readonly staged: StagedFragments;
  /** Which of the clients' sessions are open, where their directory limits them. */
  readonly openSessions: OpenSessions;
  /** The operator's list of the object's sessions, where they share it. */
  readonly listing: Listing;
  /** Which bytes of the sessions are in segments. */
  readonly moved: MovedTable;
  /** Has segments removed that no session needs (`SegmentRemover`). */
  readonly segments: {
    start(): void;
    lookAfter(): void;
  };
}
