import { leaveOut } from "../expected-errors.setup.ts";

/** What the runtime reports of a segment that does not answer, and of a request that breaks off for it. */
const EXPECTED = [
  "nobody has this segment just now",
  "RangeError: the segment has 0 bytes",
  "the body was aborted",
  "jsg.Error: undefined",
  "Network connection lost.",
  "SQLite alarm handler canceled",
];

export default function setup(): () => void {
  return leaveOut(
    (output) =>
      /^(?:uncaught exception|exception = |NOSENTRY)/.test(output) &&
      EXPECTED.some((error) => output.includes(error)),
  );
}
