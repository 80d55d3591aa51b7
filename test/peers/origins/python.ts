import { ChildProgram } from "../../support/child-program.ts";
import { programPath, searchPath } from "../installed.ts";
import type { OriginSetup } from "./real-origin.ts";

/** Python's HTTP server: it knows GET and HEAD, says 501 to the head of anything else, and closes. */
export async function startPython({ files, port, logs }: OriginSetup): Promise<ChildProgram[]> {
  const args = ["-m", "http.server", String(port), "--bind", "127.0.0.1", "--directory", files];
  return [new ChildProgram(programPath("python3"), { args, env: searchPath(), cwd: files, logs })];
}
