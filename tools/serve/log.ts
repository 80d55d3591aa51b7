import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** The log of an edge: its own lines, and those of its runtime, in one form. */
export interface Log {
  /** An event of this program: fields for programs, the sentence for people. */
  say(event: string, sentence: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Writes what the runtime says, line by line, to where it belongs. */
  follow(stream: Readable, isError: boolean): void;
}

/** Fields of a session's line that a person reads in this order, without their names. */
const NAMELESS = ["event", "session", "destination", "client"];
/** The session's path says it. */
const LEFT_OUT = new Set(["at", "directory", ...NAMELESS]);

/**
 * @param form `json`: a line is an object with `at` and `event`. `text`: the same for people
 */
export function openLog(form: "text" | "json", out: Writable, errors: Writable): Log {
  return {
    say(event, sentence, fields = {}) {
      const line =
        form === "text"
          ? `bits-edge: ${sentence}`
          : JSON.stringify({ at: new Date().toISOString(), event, ...fields, message: sentence });
      out.write(`${line}\n`);
    },
    follow(stream, isError) {
      createInterface({ input: stream }).on("line", (line) => {
        if (line !== "") (isError ? errors : out).write(`${form === "text" ? asText(line) : asJson(line)}\n`);
      });
    },
  };
}

/** An object stays as it is; anything else is the runtime's own word. */
function asJson(line: string): string {
  if (parsed(line) !== null) return line;
  return JSON.stringify({ at: new Date().toISOString(), event: "runtime", message: line });
}

/** `16:12:45.692 started 6B09… /uploads/a.bin 192.0.2.7 offset=1000`; the runtime's own word stays as it is. */
function asText(line: string): string {
  const fields = parsed(line);
  if (fields === null) return line;
  const at = typeof fields["at"] === "string" ? fields["at"] : new Date().toISOString();
  const words = NAMELESS.map((name) => fields[name]).filter((value) => typeof value === "string");
  const named = Object.entries(fields)
    .filter(([name, value]) => !LEFT_OUT.has(name) && value !== null)
    .map(([name, value]) => `${name}=${typeof value === "string" ? quoted(value) : JSON.stringify(value)}`);
  return [at.slice(11, 23), ...words, ...named].join(" ");
}

function quoted(text: string): string {
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

function parsed(line: string): Record<string, unknown> | null {
  if (!line.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
