// docs/images/start.svg, the first half of a run of `npm start`: `npm run draw:start`. Ports, folders and keys are always
// the same in it; its figures are those of the machine, so draw it on one that is idle.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PROJECT } from "../../support/bundle.ts";
import { drawTerminal, type TerminalLine } from "./draw-terminal.ts";

/** Where the picture ends: the rest would make it longer than a page. */
const END = /^An upload that an application receives/;
/** What is another text each time, or too long for a picture. */
const RANDOM: readonly (readonly [RegExp, string])[] = [
  [/\S*legacy-origin-\w+/g, "a folder of its own"],
  [/Idempotency-Key: .*/, "Idempotency-Key: 4f666b32-0f17-49ca-a40c-79572155bc18"],
  [/\b([0-9a-f]{32})[0-9a-f]{32}\b/g, "$1…"],
  [/Uploading \S*\/(\S+), /, "Uploading $1, "],
];
/** The ports in the order in which they are told: the origin's, and those that `npm run dev` has for the two doors. */
const PORTS = ["8790", "8789", "8787"];
const known = new Map<string, string>();

const program = spawn(process.execPath, [join(PROJECT, "examples", "whole-job.ts")], {
  stdio: ["ignore", "pipe", "inherit"],
  env: { ...process.env, NO_COLOR: "1" },
});
const closed = once(program, "close") as Promise<[code: number]>;
const began = performance.now();
const lines: TerminalLine[] = [];
for await (const line of createInterface({ input: program.stdout })) {
  lines.push({ text: withoutRandom(line), at: performance.now() - began });
}
const [code] = await closed;
const end = lines.findIndex(({ text }) => END.test(text));
if (code !== 0 || end === -1) throw new Error("npm start did not end well; nothing is drawn");
await writeFile(
  join(PROJECT, "docs", "images", "start.svg"),
  drawTerminal("npm start", lines.slice(0, end - 1)),
);

function withoutRandom(line: string): string {
  const named = line.replaceAll(/127\.0\.0\.1:(\d+)/g, (_, port: string) => {
    if (!known.has(port)) known.set(port, PORTS[known.size] ?? port);
    return `127.0.0.1:${known.get(port)}`;
  });
  return RANDOM.reduce((text, [found, instead]) => text.replace(found, instead), named);
}
