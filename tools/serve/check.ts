import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readConfig } from "../../src/config/config.ts";
import type { Environment, ServeOptions } from "./options.ts";
import { errorCode, ServeError } from "./serve-error.ts";
import { readSettings } from "./settings.ts";

/**
 * Reads the configuration as a start would, and starts nothing.
 *
 * @returns a sentence that says what would be served
 * @throws ServeError with the first thing that is wrong
 */
export async function checkConfiguration(options: ServeOptions, environment: Environment): Promise<string> {
  const { originUrl, directories } = readConfig(await readSettings(options, environment));
  if (options.certificates !== null) await checkCertificate(options.certificates);
  const paths = directories.map(({ path, enabled }) => (enabled ? path : `${path} (off)`));
  const takes = paths.length === 0 ? "no directory takes uploads" : `uploads to ${paths.join(", ")}`;
  return `the configuration is right: ${takes}, for ${originUrl}`;
}

async function checkCertificate(folder: string): Promise<void> {
  const certificate = await read(folder, "certificate.pem", (pem) => new X509Certificate(pem));
  const key = await read(folder, "key.pem", createPrivateKey);
  if (!certificate.checkPrivateKey(key)) {
    throw new ServeError(
      `${folder}: key.pem is not the key of certificate.pem; the server's own certificate has to come first.`,
    );
  }
  if (new Date(certificate.validTo) < new Date()) {
    throw new ServeError(`${folder}/certificate.pem was valid until ${certificate.validTo}.`);
  }
}

async function read<T>(folder: string, name: string, parse: (pem: Buffer) => T): Promise<T> {
  const path = join(folder, name);
  let pem: Buffer;
  try {
    pem = await readFile(path);
  } catch (error) {
    throw new ServeError(`${path} cannot be read (${errorCode(error) ?? String(error)}).`);
  }
  try {
    return parse(pem);
  } catch {
    throw new ServeError(`${path} holds nothing in PEM that can be used.`);
  }
}
