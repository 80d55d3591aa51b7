import type { SessionWorld } from "./session-world.ts";

/** Lets the other sessions of the object have their turn, and whoever else is served by the same thread. */
export async function giveWay(world: SessionWorld, milliseconds = 0): Promise<void> {
  await new Promise<void>((resolve) => void world.after(milliseconds, resolve));
}
