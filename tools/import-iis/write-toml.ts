import type { Setting } from "./conversion.ts";
import type { Block } from "./convert-directory.ts";
import { quote } from "./quote.ts";

const COMMENT_WIDTH = 100;

/** What surrounds the blocks. */
export interface TomlHead {
  /** Sentences for the top. */
  readonly comments: readonly string[];
  /** Value of ORIGIN_URL; null to leave `[vars]` alone. */
  readonly originUrl: string | null;
}

/** Blocks → TOML to paste into wrangler.toml, each note as a comment beside its directory. */
export function writeToml(head: TomlHead, blocks: readonly Block[]): string {
  const paragraphs = [
    head.comments.map(writeComment),
    head.originUrl === null
      ? []
      : [
          writeComment("Instead of the [vars] and the [[vars.UPLOAD_DIRECTORIES]] that wrangler.toml has."),
          "[vars]",
          writeSetting(["ORIGIN_URL", head.originUrl]),
        ],
    ...blocks.map(writeBlock),
  ];
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

function writeBlock({ path, settings, notes }: Block): string[] {
  const title = settings.length === 0 ? [`# ${quote(path)}`] : [];
  const table = settings.length === 0 ? [] : ["[[vars.UPLOAD_DIRECTORIES]]", ...settings.map(writeSetting)];
  return [...title, ...notes.map(writeComment), ...table];
}

/** A sentence → comment lines; only one-line text comes here, so nothing in it can end the comment. */
function writeComment(sentence: string): string {
  const lines = [""];
  for (const word of sentence.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + word.length > COMMENT_WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.map((line, index) => `${index === 0 ? "# " : "#   "}${line}`).join("\n");
}

function writeSetting([name, value]: Setting): string {
  if (typeof value === "string") return `${name} = ${quote(value)}`;
  if (typeof value === "object") return `${name} = [${value.map(quote).join(", ")}]`;
  return `${name} = ${typeof value === "number" ? value.toLocaleString("en").replaceAll(",", "_") : value}`;
}
