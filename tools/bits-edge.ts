#!/usr/bin/env node
// `bits-edge`: the package's command. docs/cli.md tells of each subcommand; `bits-edge help` lists them.
import { run } from "./terminal/run.ts";

process.exitCode = await run(process.argv);
