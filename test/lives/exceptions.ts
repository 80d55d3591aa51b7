import { beforeEach, type RunnerTestCase, type RunnerTestFile, type RunnerTestSuite } from "vitest";

/**
 * Tests that rely on what an object knows only while it lives, by file and name. Everything else holds also for
 * one that is aborted, or evicted, before every packet; what becomes of these there is said by aborting-edge.test.ts.
 */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "test/conformance/close-session-origin.test.ts > Close-Session and the time it takes (ruling 16) > is over before the client's patience: the commit goes on, the next one has its result":
    "a commit that no packet waits for any more dies with its object, and the next Close-Session sends it again",
  "test/conformance/session-end.test.ts > A session of 4 s ([MC-BUP] 3.2.6.1; ruling 23) > lives on while Fragments repeat bytes ([MC-BUP] 3.2.2.1)":
    "a packet that stores nothing starts the session's time again in memory only",
};

beforeEach(({ task, skip }) => {
  expectKnown(task.file);
  const reason = EXCEPTIONS[nameOf(task)];
  if (reason !== undefined) skip(reason);
});

/** A test that got another name would be an exception no longer, and the list above wrong. */
function expectKnown(file: RunnerTestFile): void {
  const known = new Set(testsOf(file).map(nameOf));
  const unknown = Object.keys(EXCEPTIONS).filter(
    (name) => name.startsWith(`${file.name} > `) && !known.has(name),
  );
  if (unknown.length > 0) throw new Error(`there is no such test: ${unknown.join("; ")}`);
}

function testsOf(suite: RunnerTestSuite): RunnerTestCase[] {
  return suite.tasks.flatMap((task) => (task.type === "suite" ? testsOf(task) : [task]));
}

function nameOf(task: RunnerTestCase): string {
  const names = [task.name];
  for (let { suite } = task; suite !== undefined; { suite } = suite) names.unshift(suite.name);
  return [task.file.name, ...names].join(" > ");
}
