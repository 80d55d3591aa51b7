import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const IN_MEMORY = "/dev/shm";
const ROOMY_BYTES = 4 * 1024 ** 3;

/**
 * Where tests keep temporary files. An edge answers when its state is on disk, so the disk is most of what a test waits
 * for. No test ends the system, and a file system in memory keeps what a killed program has written: where a roomy one
 * is (Linux's /dev/shm; in a container it may be tiny), it is taken.
 */
export function temporaryFolder(): string {
  if (!existsSync(IN_MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  return bavail * bsize < ROOMY_BYTES ? tmpdir() : IN_MEMORY;
}
