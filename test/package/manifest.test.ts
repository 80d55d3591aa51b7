import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { inject, test } from "vitest";
import { ofTree, run } from "./run-program.ts";

const tarball = inject("tarball");

test("publint finds nothing wrong with the tarball", async () => {
  await run(ofTree("publint"), [tarball, "--strict"], inject("consumer"));
});

test("Its types are found by every compiler that reads ES modules", async () => {
  // attw unpacks beside itself: a folder of its own.
  const folder = join(inject("consumer"), "attw");
  await mkdir(folder, { recursive: true });
  await run(ofTree("attw"), [tarball, "--profile", "esm-only"], folder);
});
