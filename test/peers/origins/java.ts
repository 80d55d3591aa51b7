import { ChildProgram } from "../../support/child-program.ts";
import { programPath, searchPath } from "../installed.ts";
import type { OriginSetup } from "./real-origin.ts";

/** Starts Java. It takes the names of files from the locale: without one it knows ASCII only, and refuses others. */
export function startJava({ folder, logs }: OriginSetup, args: string[]): ChildProgram {
  const env = { ...searchPath(), LC_ALL: "C.UTF-8" };
  return new ChildProgram(programPath("java"), { args, env, cwd: folder, logs });
}
