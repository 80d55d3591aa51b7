import { readFileSync } from "node:fs";

const MEBIBYTE = 1024 * 1024;
/** What Linux has where nobody has set it: 6 MiB to receive and 4 to send. */
const OTHERWISE = 10 * MEBIBYTE;

/**
 * More bytes than can lie in the system's buffers between two programs, so that one that does not read does not have
 * them. Linux lets a buffer grow to the third number of `tcp_rmem` and `tcp_wmem` (tcp(7)).
 */
export const MORE_THAN_BUFFERS = buffered() + 8 * MEBIBYTE;

function buffered(): number {
  try {
    return largest("tcp_rmem") + largest("tcp_wmem");
  } catch {
    return OTHERWISE;
  }
}

function largest(setting: string): number {
  return Number(readFileSync(`/proc/sys/net/ipv4/${setting}`, "utf8").trim().split(/\s+/).at(-1));
}
