import { Alarm } from "./alarm.ts";
import type { HostStorage } from "./host-storage.ts";
import { Listing } from "./listing.ts";
import { MovedTable } from "./moved-table.ts";
import { OpenSessions } from "./open-sessions.ts";
import { SegmentRemover } from "./segment-remover.ts";
import { SessionTables } from "./session-tables.ts";
import type { SessionWorld } from "./session-world.ts";
import { StagedFragments } from "./staged-fragments.ts";
import type { Surroundings } from "./surroundings.ts";
import { Sweeper } from "./sweeper.ts";

/** What the sessions of the object with this storage share. */
export function surround(storage: HostStorage, world: SessionWorld): Surroundings {
  const tables = new SessionTables(storage);
  const moved = new MovedTable(tables);
  const alarm = new Alarm(storage, () =>
    Math.min(
      tables.firstDueAfter(Number.MIN_SAFE_INTEGER),
      moved.released() === null ? Number.POSITIVE_INFINITY : world.now(),
    ),
  );
  const sweeper = new Sweeper(world, (time) => alarm.wakeBy(time));
  const surroundings: Surroundings = {
    storage,
    world,
    tables,
    alarm,
    sweeper,
    moved,
    staged: new StagedFragments(tables, sweeper),
    openSessions: new OpenSessions(tables),
    listing: new Listing(tables),
    segments: new SegmentRemover(() => surroundings),
  };
  return surroundings;
}
