/**
 * The runtime reports a method of an object that throws, with its stack, before the caller has caught it. These errors
 * are what tests of unreadable and of newer records are about, and the tests see each of them in the edge's own log.
 */
const EXPECTED = [
  "what is stored as the session's record cannot be read",
  "the session's record was stored by a newer version of the edge",
];
const REPORT = "uncaught exception; source = Uncaught (in promise); stack = Error: ";

/** Leaves out of the runtime's reports those that tests provoke. */
export default function setup(): () => void {
  return leaveOut((output) => EXPECTED.some((error) => output.startsWith(REPORT + error)));
}

/** Leaves out some of what the Vitest plugin writes to this process's output. @returns ends that */
export function leaveOut(isExpected: (output: string) => boolean): () => void {
  const restored = [process.stdout, process.stderr].map((stream) => {
    const { write } = stream;
    stream.write = new Proxy(write, {
      apply: (target, self, given: unknown[]) =>
        (typeof given[0] === "string" && isExpected(given[0])) || Reflect.apply(target, self, given),
    });
    return () => {
      stream.write = write;
    };
  });
  return () => {
    for (const restore of restored) restore();
  };
}
