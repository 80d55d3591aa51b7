import { stripTypeScriptTypes } from "node:module";

/** One change of one place in a file's code. */
export interface Mutation {
  /** Place in the code, and what stands there; characters. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
}

const blank = (text: string): string => text.replace(/[^\n]/g, " ");

/** Code without types and comments; every other character keeps its place, and so its line. */
export function codeOf(source: string): string {
  return stripTypeScriptTypes(source).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, blank);
}

const TOKEN = /"[^"\n]*"|`[^`]*`|0x[\da-f]+|\d+|[\w$]+|===|!==|&&|\|\||\?\?|\?\.|\.\.\.|=>|[^\s]/g;
/** A cell of the table: its column, and its action. */
const CELL = /\b(Fragment|Complete|Close|Cancel): ("[a-z]+")/g;

const SWAPPED: { readonly [token: string]: readonly string[] } = {
  "===": ["!=="],
  "!==": ["==="],
  "&&": ["||"],
  "||": ["&&"],
  "??": ["&&"],
  "<": ["<=", ">"],
  ">": [">=", "<"],
  "+": ["-"],
  "-": ["+"],
  "!": [""],
  "?": ["&& false ?", "|| true ?"],
  true: ["false"],
  false: ["true"],
  null: ["undefined"],
  min: ["max"],
};

/** Every mutation of a file: cells of the table, conditions, operators, constants, and what a copy takes over. */
export function mutationsOf(code: string): Mutation[] {
  const tokens = [...code.matchAll(TOKEN)].map(({ index, 0: text }) => ({ at: index, text }));
  const cells = cellsOf(code);
  const places = new Set(cells.map(({ at }) => at));
  const others = tokens.flatMap(({ at, text }, index) => {
    if (places.has(at) || isImport(code, at)) return [];
    if (text === "if") return conditionOf(code, tokens, index);
    if (text === "...") return [spreadOf(code, at)];
    return constantsFor(text).map((to): Mutation => ({ at, from: text, to }));
  });
  return [...cells, ...others];
}

/** Each cell with every other action of its column. */
function cellsOf(code: string): Mutation[] {
  const cells = [...code.matchAll(CELL)].map(({ index, 0: text, 1: column = "", 2: action = "" }) => ({
    at: index + text.length - action.length,
    column,
    action,
  }));
  return cells.flatMap(({ at, column, action }) => {
    const actions = new Set(cells.filter((cell) => cell.column === column).map((cell) => cell.action));
    return [...actions].filter((to) => to !== action).map((to): Mutation => ({ at, from: action, to }));
  });
}

function constantsFor(text: string): readonly string[] {
  if (/^\d|^0x/.test(text)) return [String(Number(text) + 1)];
  if (text.startsWith('"')) return ['"mutant"'];
  return Object.hasOwn(SWAPPED, text) ? (SWAPPED[text] ?? []) : [];
}

/** `if (x)` as if x were always true, and never. */
function conditionOf(
  code: string,
  tokens: readonly { at: number; text: string }[],
  index: number,
): Mutation[] {
  let depth = 0;
  const end = tokens.slice(index + 1).find(({ text }) => {
    depth += text === "(" ? 1 : text === ")" ? -1 : 0;
    return depth === 0;
  });
  const at = tokens[index + 1]?.at ?? 0;
  const from = code.slice(at, (end?.at ?? at) + 1);
  return ["(true)", "(false)"].map((to) => ({ at, from, to }));
}

/** A copy that takes nothing over. */
function spreadOf(code: string, at: number): Mutation {
  const from = /^\.\.\.[\w$]+,? ?/.exec(code.slice(at))?.[0] ?? "...";
  return { at, from, to: "" };
}

function isImport(code: string, at: number): boolean {
  const start = code.lastIndexOf("\n", at) + 1;
  return /^import |^} from/.test(code.slice(start, at));
}
