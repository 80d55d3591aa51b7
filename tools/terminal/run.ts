import { Command, CommanderError, type Option } from "commander";
import { doctorOptions, type DoctorOptions } from "../doctor/options.ts";
import { type InitOptions, initOptions } from "../init/options.ts";
import {
  type OperatorOptions,
  operatorOptions,
  type ReleaseOptions,
  releaseOptions,
  type SessionsOptions,
  sessionsOptions,
} from "../operator-client/options.ts";
import { uploadOptions, type UploadOptions } from "../upload/options.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { untilSignal } from "./until-signal.ts";

/**
 * The whole command line. A subcommand's code is loaded when it is wanted: `upload` needs no tables, `serve` no bars.
 *
 * @param argv as of the process
 * @returns the exit code, see {@link EXIT}
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = DELEGATED[argv[2] ?? ""];
  return program === undefined ? await runOwn(argv) : await runDelegated(program.start);
}

/** Programs that read the command line themselves, and set the process' exit code. */
const DELEGATED: {
  readonly [name: string]: { readonly description: string; readonly start: () => Promise<unknown> };
} = {
  serve: {
    description: "the edge on this machine, in the foreground",
    start: async () => await import("../serve.ts"),
  },
  "import-iis": {
    description: "the BITS settings of an IIS server as directories of this edge",
    start: async () => await import("../import-iis.ts"),
  },
};

async function runDelegated(start: () => Promise<unknown>): Promise<number> {
  // They were programs before they were subcommands: what follows the name is theirs.
  process.argv.splice(2, 1);
  await start();
  return Number(process.exitCode ?? EXIT.done);
}

async function runOwn(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = describe((code) => (exitCode = code));
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof CliError) {
      process.stderr.write(`bits-edge: ${error.message}\n`);
      return EXIT[error.ending];
    }
    throw error;
  }
}

function describe(exitWith: (code: number) => void): Command {
  const program = new Command("bits-edge")
    .description("The BITS upload protocol at the edge, and what goes with it.")
    .exitOverride()
    .showHelpAfterError("(--help shows what can be said)");

  const upload = program
    .command("upload")
    .description("upload files to a BITS server, with all the patience of Windows")
    .argument("<file…>", "the files, and last the URL: a folder's, ending with a slash, or the file's own")
    .argument("[more...]")
    .usage("[options] FILE… URL")
    .action(async (first: string, more: string[], options: UploadOptions) => {
      const { upload: start } = await import("../upload/command.ts");
      if (more.length === 0) throw new CliError("usage", "Name the files, and last the URL to upload to.");
      exitWith(await untilSignal((signal) => start([first, ...more], options, signal)));
    });
  add(upload, uploadOptions());

  const doctor = program
    .command("doctor")
    .description("examine what is behind a URL: why uploads do not arrive, and what to do")
    .argument("<url>", "where uploads go: a folder's URL, ending with a slash, or a file's")
    .action(async (url: string, options: DoctorOptions) => {
      const { doctor: start } = await import("../doctor/command.ts");
      exitWith(await untilSignal((signal) => start(url, options, signal)));
    });
  add(doctor, doctorOptions());
  describeOperator(program, exitWith);
  const init = program
    .command("init")
    .description("write the configuration of a new edge, its key, and its gateway's")
    .argument("[folder]", "where to", ".")
    .action(async (folder: string, options: InitOptions) => {
      const { init: start } = await import("../init/command.ts");
      exitWith(await start(folder, options));
    });
  add(init, initOptions());
  for (const [name, { description }] of Object.entries(DELEGATED)) {
    program.command(name).description(description).usage("[options]   (--help tells of them)");
  }
  return program;
}

function add(command: Command, options: readonly Option[]): void {
  for (const option of options) command.addOption(option);
}

/** What operators look at and do, against the JSON of the edge's page. */
function describeOperator(program: Command, exitWith: (code: number) => void): void {
  add(
    program
      .command("sessions")
      .description("list the upload sessions of an edge")
      .action(async (options: SessionsOptions) => {
        const { listSessions } = await import("../operator-client/command.ts");
        exitWith(await untilSignal((signal) => listSessions(options, signal)));
      }),
    sessionsOptions(),
  );
  add(
    program
      .command("session")
      .description("show one session")
      .argument("<id>")
      .action(async (id: string, options: OperatorOptions) => {
        const { showSession } = await import("../operator-client/command.ts");
        exitWith(await untilSignal((signal) => showSession(id, options, signal)));
      }),
    operatorOptions(),
  );
  for (const [kind, description] of DEEDS) {
    add(
      program
        .command(kind)
        .description(description)
        .argument("<id>")
        .action(async (id: string, options: OperatorOptions) => {
          const { act } = await import("../operator-client/command.ts");
          exitWith(await untilSignal((signal) => act(id, { kind }, options, signal)));
        }),
      operatorOptions(),
    );
  }
  add(
    program
      .command("release")
      .description("decide on a held upload: the application has it, or it is sent again")
      .argument("<id>")
      .action(async (id: string, options: ReleaseOptions) => {
        const { act } = await import("../operator-client/command.ts");
        const deed = { kind: "release", application: options.application } as const;
        exitWith(await untilSignal((signal) => act(id, deed, options, signal)));
      }),
    releaseOptions(),
  );
}

const DEEDS = [
  ["commit", "hand a complete upload to the origin now"],
  ["cancel", "remove a session and its bytes"],
] as const;
