import { Command, CommanderError } from "commander";
import { doctorOptions, type DoctorOptions } from "../doctor/options.ts";
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
  for (const option of uploadOptions()) upload.addOption(option);

  const doctor = program
    .command("doctor")
    .description("examine what is behind a URL: why uploads do not arrive, and what to do")
    .argument("<url>", "where uploads go: a folder's URL, ending with a slash, or a file's")
    .action(async (url: string, options: DoctorOptions) => {
      const { doctor: start } = await import("../doctor/command.ts");
      exitWith(await untilSignal((signal) => start(url, options, signal)));
    });
  for (const option of doctorOptions()) doctor.addOption(option);
  return program;
}
