import type { Surroundings } from "./surroundings.ts";

/** Removes everything that the object stores, its alarm included: no session needs any of it. */
export function deleteAll({ alarm, staged, tables, world }: Surroundings): void {
  world.keepAlive(tables.deleteAll());
  alarm.isOver();
  staged.forget();
}
