import { readFile } from "node:fs/promises";
import { CliError } from "../terminal/cli-error.ts";

/** What is given to Node's TLS beside the host. */
export interface TlsSettings {
  /** PEM of the authorities that are trusted, in place of the usual ones. */
  readonly ca?: string;
  /** PEM of the client's own certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
  /** BITS speaks HTTP/1.1 ([MC-BUP] 2.2.1), and no server may choose another. */
  readonly ALPNProtocols?: readonly string[];
}

/**
 * Reads the files of `--ca`, `--cert` and `--key`.
 *
 * @throws CliError where one cannot be read, or only one of the last two is there
 */
export async function readTlsSettings(files: {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}): Promise<TlsSettings> {
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new CliError("usage", "--cert and --key go together: a certificate of this client, and its key.");
  }
  const settings: { ca?: string; cert?: string; key?: string } = {};
  for (const name of ["ca", "cert", "key"] as const) {
    const path = files[name];
    if (path !== undefined) settings[name] = await readPem(`--${name}`, path);
  }
  return { ...settings, ALPNProtocols: ["http/1.1"] };
}

async function readPem(option: string, path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CliError("usage", `${option}: ${path} cannot be read (${code}).`);
  }
  if (text.includes("-----BEGIN ")) return text;
  throw new CliError("usage", `${option}: ${path} is no PEM file; it has no line "-----BEGIN …".`);
}
