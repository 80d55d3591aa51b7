import { InvalidArgumentError, Option } from "commander";
import type { Verb } from "../bits-client/packet-head.ts";

/** What the command line says beside files and URL. */
export interface UploadOptions {
  readonly user?: string;
  readonly bearer?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly verb: Verb | "auto";
  readonly reply?: string;
  readonly parallel: number;
  readonly state?: string;
  readonly retryDelay: number;
  readonly giveUpAfter: number;
  readonly fresh: boolean;
  readonly cancel: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Options of every command that sends packets. */
export function clientOptions(): Option[] {
  return [
    new Option("--user <name[:password]>", "Basic credentials; the password may be in BITS_EDGE_PASSWORD"),
    new Option("--bearer <token>", "a bearer token; better in BITS_EDGE_BEARER, where nobody else sees it"),
    new Option("--ca <file>", "PEM: the authorities to trust, in place of the usual ones"),
    new Option("--cert <file>", "PEM: a certificate of this client"),
    new Option("--key <file>", "PEM: the key of --cert"),
  ];
}

/** Those of `upload`. */
export function uploadOptions(): Option[] {
  return [
    ...clientOptions(),
    new Option("--verb <verb>", "auto: BITS_POST, and POST where a front end does not know that")
      .choices(["auto", "BITS_POST", "POST"])
      .default("auto"),
    new Option("--reply <path>", 'fetch the reply there and fail where none is offered; "none" leaves it'),
    new Option("--parallel <files>", "so many at a time").argParser(whole(1, 64)).default(3),
    new Option(
      "--state <folder>",
      "where uploads under way are kept (default: ~/.local/state/bits-edge/uploads)",
    ),
    new Option("--retry-delay <seconds>", "the first wait after a failure; each next one is twice as long")
      .argParser(whole(0, 86_400))
      .default(1),
    new Option("--give-up-after <seconds>", "without any progress for so long, end with exit code 3")
      .argParser(whole(1, 1_209_600))
      .default(3600),
    new Option("--fresh", "forget what was kept of these uploads and begin anew").default(false),
    new Option("--cancel", "give up what was kept of these uploads, here and at the server")
      .default(false)
      .conflicts("fresh"),
    new Option("--json", "a JSON object for each event, one a line, on stdout").default(false),
    new Option("--quiet", "say nothing but what went wrong").default(false),
  ];
}

/** A whole number between two others, as commander wants its parsers. */
export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
