import { onTestFinished, vi } from "vitest";
import { type Conversation, nameOf } from "./packets.ts";

/** The lines that the edge writes of a session from now on, until the test has finished. */
export function watchLog(of: Conversation): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  for (const level of ["log", "error"] as const) {
    const spy = vi.spyOn(console, level).mockImplementation((text: string) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      if (line["session"] === nameOf(of)) lines.push(line);
    });
    onTestFinished(() => spy.mockRestore());
  }
  return lines;
}
