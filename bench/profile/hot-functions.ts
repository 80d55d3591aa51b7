import type { CpuProfile, ProfileNode } from "./cpu-profiler.ts";

/** A function and the time that was seen in it; milliseconds. */
export interface HotFunction {
  readonly name: string;
  readonly place: string;
  /** In the function's own code, and in what it calls of the runtime, which has no frames of its own. */
  readonly selfMilliseconds: number;
  /** With everything that it calls; recursion is counted once. */
  readonly totalMilliseconds: number;
}

/** All functions of a profile, most self time first. */
export function hotFunctions(profile: CpuProfile): HotFunction[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const { id, children = [] } of profile.nodes) for (const child of children) parents.set(child, id);

  const self = new Map<number, number>();
  for (const [index, id] of profile.samples.entries()) {
    self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1000);
  }
  const functions = new Map<string, { name: string; place: string; self: number; total: number }>();
  for (const [id, milliseconds] of self) {
    const seen = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = nodes.get(at);
      if (node === undefined) break;
      const { name, place } = describe(node);
      const key = `${name} ${place}`;
      const known = functions.get(key) ?? { name, place, self: 0, total: 0 };
      functions.set(key, known);
      if (at === id) known.self += milliseconds;
      if (!seen.has(key)) known.total += milliseconds;
      seen.add(key);
    }
  }
  return [...functions.values()]
    .map(({ name, place, self: selfMilliseconds, total: totalMilliseconds }) => ({
      name,
      place,
      selfMilliseconds,
      totalMilliseconds,
    }))
    .toSorted((one, other) => other.selfMilliseconds - one.selfMilliseconds);
}

function describe({ callFrame }: ProfileNode): { name: string; place: string } {
  const { functionName, url, lineNumber } = callFrame;
  const file = url.split("/").at(-1) ?? "";
  return { name: functionName || "(anonymous)", place: file === "" ? "" : `${file}:${lineNumber + 1}` };
}
