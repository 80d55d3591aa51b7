import { type Browser, chromium } from "playwright-core";
import { programPath } from "../../peers/installed.ts";

/** Debian's Chromium, or the one that CHROMIUM names. Root cannot have its sandbox. */
export async function startBrowser(): Promise<Browser> {
  const program = programPath("chromium");
  return await chromium.launch({
    executablePath: program.includes("/") ? program : `/usr/bin/${program}`,
    chromiumSandbox: process.getuid?.() !== 0,
  });
}
