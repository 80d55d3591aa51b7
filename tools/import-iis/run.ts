import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { type Block, convertDirectory } from "./convert-directory.ts";
import { convertFiltering } from "./convert-filtering.ts";
import { nothing } from "./conversion.ts";
import { findDirectories } from "./find-directories.ts";
import type { IisConfiguration } from "./iis-configuration.ts";
import { ImportError } from "./import-error.ts";
import { quote } from "./quote.ts";
import { readApplicationHost } from "./read-application-host.ts";
import { readMetabase } from "./read-metabase.ts";
import { type PropertyNames, readSchema } from "./read-schema.ts";
import { childElements, readXml, type XmlElement } from "./read-xml.ts";
import { writeToml } from "./write-toml.ts";

export const USAGE = `Turns the BITS settings of an IIS server into [[vars.UPLOAD_DIRECTORIES]] blocks for wrangler.toml.

  npm run -s import-iis -- FILE [--site NAME] [--origin URL] [--keeps-bits] [--schema FILE]

  FILE           applicationHost.config (IIS 7 and later) or MetaBase.xml (IIS 6)
  --site NAME    the web site, by name or by id; needed where several take uploads
  --origin URL   also writes ORIGIN_URL, and puts this URL for localhost in notification URLs
  --keeps-bits   the origin keeps its BITS server extension: uploads are handed to it (handover = "bits")
  --schema FILE  the server's MBSchema.xml: which number is which BITS property (IIS 7 and later)
  --help         shows this

TOML goes to stdout; what is not carried over goes to stderr too. docs/import-iis.md has the table.
`;

/** What a run leaves behind. */
export interface RunResult {
  readonly exitCode: 0 | 1;
  readonly stdout: string;
  readonly stderr: string;
}

/** The whole command: arguments → output. Reads the files that the arguments name, writes nothing. */
export async function run(args: readonly string[]): Promise<RunResult> {
  try {
    const options = readArguments(args);
    return options === null ? { exitCode: 0, stdout: USAGE, stderr: "" } : await importFile(options);
  } catch (error) {
    if (error instanceof ImportError) return { exitCode: 1, stdout: "", stderr: `${error.message}\n` };
    throw error;
  }
}

interface Options {
  readonly file: string;
  readonly site: string | null;
  readonly originUrl: string | null;
  readonly schema: string | null;
  readonly keepsBits: boolean;
}

/** Arguments → options; null where help is asked for. */
function readArguments(args: readonly string[]): Options | null {
  const { values, positionals } = parseOptions(args);
  if (values.help === true) return null;
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new ImportError("Name one file to import; --help shows how.");
  const originUrl = values.origin ?? null;
  if (originUrl !== null && !isOriginUrl(originUrl)) {
    throw new ImportError(
      `--origin must be an absolute URL, http or https, without a query, such as https://iis.example.com; ` +
        `it is ${quote(originUrl)}.`,
    );
  }
  const keepsBits = values["keeps-bits"] === true;
  return { file, site: values.site ?? null, originUrl, schema: values.schema ?? null, keepsBits };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        site: { type: "string" },
        origin: { type: "string" },
        schema: { type: "string" },
        "keeps-bits": { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    const what = error instanceof Error ? (error.message.split(/[.\n]/)[0] ?? "") : String(error);
    throw new ImportError(`${what}; --help shows the options.`);
  }
}

function isOriginUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#]/.test(text);
}

async function importFile({ file, site: wanted, originUrl, schema, keepsBits }: Options): Promise<RunResult> {
  const name = basename(file);
  const root = await readXmlFile(file);
  const names: PropertyNames = schema === null ? new Map() : readSchema(await readXmlFile(schema));
  if (schema !== null && names.size === 0) {
    throw new ImportError(`${basename(schema)} names no BITS property.`);
  }
  const configuration = readConfiguration(root, name, names);
  const { site, directories } = findDirectories(configuration, wanted, name);

  const blocks = directories.map((directory) =>
    withNames(convertDirectory(directory, originUrl, keepsBits), configuration.filters, site.id),
  );
  const source = `From ${quote(name)}, web site ${quote(site.name)}.`;
  const notes = [...configuration.notes, ...blocks.flatMap(linesOfNotes)].map((line) => `${line}\n`).join("");
  if (blocks.every(({ settings }) => settings.length === 0)) {
    return { exitCode: 1, stdout: "", stderr: `${notes}Nothing in ${name} can be carried over.\n` };
  }
  const stdout = writeToml({ comments: [source, ...configuration.notes], originUrl }, blocks);
  return { exitCode: 0, stdout, stderr: notes };
}

async function readXmlFile(file: string): Promise<XmlElement> {
  const bytes = await readFile(file).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : "";
    throw new ImportError(
      code === "ENOENT" ? `There is no file ${file}.` : `${file} can not be read: ${String(code)}.`,
    );
  });
  return readXml(bytes, basename(file));
}

function readConfiguration(root: XmlElement, name: string, names: PropertyNames): IisConfiguration {
  const children = root.name === "configuration" ? childElements(root).map((child) => child.name) : [];
  if (children.includes("MBProperty")) return readMetabase(root, names);
  if (["system.applicationHost", "system.webServer", "location"].some((child) => children.includes(child))) {
    return readApplicationHost(root, names);
  }
  throw new ImportError(`${name} is XML, but neither an applicationHost.config nor a MetaBase.xml.`);
}

/** A directory that takes uploads has IIS's rules about names as well. */
function withNames(block: Block, filters: IisConfiguration["filters"], site: string): Block {
  const takesUploads = block.settings.length > 0 && !block.settings.some(([name]) => name === "enabled");
  const names = takesUploads ? convertFiltering(filters, site, block.path) : nothing();
  return {
    ...block,
    settings: [...block.settings, ...names.settings],
    notes: [...block.notes, ...names.notes],
  };
}

function linesOfNotes({ path, notes }: Block): string[] {
  return notes.map((note) => `${quote(path)}: ${note}`);
}
