import type { SessionWorld } from "./session-world.ts";

/** Lets the other sessions of the object, and everything else on the same thread, have their turn. */
export async function giveWay(world: SessionWorld, milliseconds = 0): Promise<void> {
  await new Promise<void>((resolve) => void world.after(milliseconds, resolve));
}
