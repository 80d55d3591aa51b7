// BITS settings of an IIS server → the [[vars.UPLOAD_DIRECTORIES]] blocks of wrangler.toml, on stdout.
//   npm run -s import-iis -- MetaBase.xml
// docs/import-iis.md tells the rest.
import { run } from "./import-iis/run.ts";

const { exitCode, stdout, stderr } = await run(process.argv.slice(2));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
