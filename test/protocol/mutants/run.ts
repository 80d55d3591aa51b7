import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { CHECKS } from "../machine/checks.ts";
import { MACHINE, type Machine } from "../machine/machine.ts";
import { codeOf, type Mutation, mutationsOf } from "./mutate.ts";

// Changes one thing in the machine at a time, and runs what test/protocol says of it: every mutant must fail.

const FILES = ["transitions.ts", "origin-session.ts", "plan-piece.ts", "reflect.ts", "session-answer.ts"].map(
  (name) => ({
    name,
    url: new URL(`../../../src/protocol/${name}`, import.meta.url).href,
  }),
);

/** A mutant's code, by the URL of the file that it is in; modules of a mutant have its number in their URLs. */
const mutants = new Map<string, string>();

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const number = /\?mutant=\d+$/.exec(context.parentURL ?? "")?.[0];
    const isOfMachine = FILES.some(({ url }) => url === found.url);
    return number !== undefined && isOfMachine ? { ...found, url: found.url + number } : found;
  },
  load(url, context, next) {
    const source = mutants.get(url);
    return source === undefined ? next(url, context) : { format: "module", source, shortCircuit: true };
  },
});

let made = 0;

/** The machine with one file in another version; null if that is no JavaScript, or cannot be loaded. */
async function machineWith(file: string, source: string): Promise<Machine | null> {
  made += 1;
  const number = `?mutant=${made}`;
  mutants.set(file + number, source);
  try {
    const modules = (await Promise.all(FILES.map(({ url }) => import(url + number)))) as Partial<Machine>[];
    return Object.assign({}, ...modules) as Machine;
  } catch {
    return null;
  }
}

/** The first sentence that is not true of a machine. */
function failureOf(machine: Machine): string | null {
  for (const [sentence, holds] of Object.values(CHECKS).flat()) {
    try {
      holds(machine);
    } catch {
      return sentence;
    }
  }
  return null;
}

function describeMutation(name: string, code: string, { at, from, to }: Mutation): string {
  const line = code.slice(0, at).split("\n").length;
  return `src/protocol/${name}:${line}: ${from} became ${to === "" ? "nothing" : to}`;
}

const startedAt = Date.now();
const broken = failureOf(MACHINE);
if (broken !== null) throw new Error(`the machine as it is fails: ${broken}`);

const killed = new Map<string, number>();
const survivors: string[] = [];
for (const { name, url } of FILES) {
  const code = codeOf(readFileSync(new URL(url), "utf8"));
  for (const mutation of mutationsOf(code)) {
    const { at, from, to } = mutation;
    const machine = await machineWith(url, code.slice(0, at) + to + code.slice(at + from.length));
    if (machine === null) continue;
    if (failureOf(machine) === null) survivors.push(describeMutation(name, code, mutation));
    else killed.set(name, (killed.get(name) ?? 0) + 1);
  }
}

for (const survivor of survivors) console.log(`survived  ${survivor}`);
for (const [name, count] of killed) console.log(`killed    ${count} of ${name}`);
console.log(`${survivors.length} survived, in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
if (survivors.length > 0) process.exitCode = 1;
