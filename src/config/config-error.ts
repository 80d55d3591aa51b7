import type * as v from "valibot";

/**
 * What is wrong with the configuration: a sentence for each setting, which names it and what was expected.
 *
 * @example
 * ```ts
 * throw new ConfigError("ORIGIN_URL must be an absolute URL, http or https, but is not set.");
 * ```
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A setting that is wrong. */
export interface Problem {
  /** As the operator knows it: `UPLOAD_DIRECTORIES[0].path`. */
  readonly name: string;
  readonly value: unknown;
  /** What the setting must be; null if there is no such setting. */
  readonly expected: string | null;
}

const MOST_LETTERS = 200;
const SECRETS = /^(?:SESSION_KEY|ORIGIN_AUTHORIZATION|OPERATOR_(?:READ_)?TOKEN)/;

/** A sentence for each setting that is wrong: the first thing that is wrong with it. */
export function sentencesOf(problems: readonly Problem[]): string {
  const firsts = new Map<string, Problem>();
  for (const problem of problems) if (!firsts.has(problem.name)) firsts.set(problem.name, problem);
  return [...firsts.values()].map(sentenceOf).join(" ");
}

/** `UPLOAD_DIRECTORIES[0].notification must be "none" or "by-value", but is "email".` */
function sentenceOf({ name, value, expected }: Problem): string {
  if (expected === null)
    return `${name} is no setting; docs/configuration.md lists the settings of a directory.`;
  const found =
    value === undefined || value === ""
      ? "is not set"
      : SECRETS.test(name)
        ? "is something else"
        : `is ${show(value)}`;
  return `${name} must be ${expected}, but ${found}.`;
}

/** The value without a possible password: the text before an `@` is removed. */
function show(value: unknown): string {
  const text = JSON.stringify(value).replaceAll(/[^"]*@/g, "…@");
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text;
}

/** An issue of the schema → the wrong setting, as its operator knows it. */
export function toProblem({ path: given, message, expected }: v.BaseIssue<unknown>): Problem {
  const path = given ?? [];
  const names = path.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  const name = names.join("").replace(/^\./, "");
  const isUnknown = expected === "never";
  return { name, value: path.at(-1)?.value, expected: isUnknown ? null : message };
}
