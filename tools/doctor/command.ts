import { authorization } from "../bits-client/credentials.ts";
import { readTlsSettings } from "../bits-client/tls-settings.ts";
import { CliError, EXIT } from "../terminal/cli-error.ts";
import { type Palette, paletteFor } from "../terminal/palette.ts";
import { examine } from "./examine.ts";
import type { Finding } from "./finding.ts";
import type { DoctorOptions } from "./options.ts";

/**
 * The command: examines what is behind a URL and says what it found.
 *
 * @returns the exit code: 1 where clients would fail by something
 * @throws CliError where it cannot begin; the signal's reason
 */
export async function doctor(address: string, options: DoctorOptions, signal: AbortSignal): Promise<number> {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError("usage", `Name the URL that uploads go to, http or https; it is ${address}.`);
  }
  if (!options.healthPath.startsWith("/")) throw new CliError("usage", "--health-path begins with a slash.");
  const findings: Finding[] = [];
  const examination = {
    ...options,
    url,
    authorization: authorization(options, process.env),
    tls: await readTlsSettings(options),
    closeSeconds: options.waitClose,
    signal,
  };
  const palette = paletteFor(process.stdout);
  if (!options.json) process.stdout.write(`${palette.strong(url.href)}\n\n`);
  for await (const finding of examine(examination)) {
    findings.push(finding);
    if (!options.json) process.stdout.write(inLines(finding, palette));
  }
  const isWell = findings.every(({ mark }) => mark !== "bad");
  if (options.json) process.stdout.write(`${JSON.stringify({ url: url.href, isWell, findings })}\n`);
  else process.stdout.write(`\n${summary(findings, palette)}\n`);
  return isWell ? EXIT.done : EXIT.refused;
}

const SIGNS = { good: "✔", bad: "✘", doubtful: "!", none: "–" } as const;
const STEP_WIDTH = 14;

/** A finding as a person reads it: the sign, the step, what was seen; below it what that means and what to do. */
function inLines({ step, mark, says, means, advice }: Finding, palette: Palette): string {
  const colour = { good: palette.good, bad: palette.bad, doubtful: palette.doubtful, none: palette.faint }[
    mark
  ];
  const lines = [`${colour(SIGNS[mark])} ${step.padEnd(STEP_WIDTH)}${says}`];
  const indent = " ".repeat(STEP_WIDTH + 2);
  if (means !== undefined) lines.push(`${indent}${palette.faint("means")} ${means}`);
  if (advice !== undefined) lines.push(`${indent}${palette.faint("do")}    ${advice}`);
  return `${lines.join("\n")}\n`;
}

function summary(findings: readonly Finding[], { good, bad, doubtful }: Palette): string {
  const count = (mark: Finding["mark"]): number => findings.filter((finding) => finding.mark === mark).length;
  if (count("bad") > 0) return bad("Uploads fail by what has a cross.");
  if (count("doubtful") > 0) return doubtful("Uploads arrive; what has a mark costs time or safety.");
  return good("All is well.");
}
