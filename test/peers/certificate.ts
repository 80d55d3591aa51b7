import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { programPath } from "./installed.ts";

/** A certificate for 127.0.0.1, localhost and bits.example.com that nobody else trusts. */
export interface Certificate {
  /** PEM files. */
  readonly certificatePath: string;
  readonly keyPath: string;
  /** Both in one file, as HAProxy wants them. */
  readonly bundlePath: string;
  readonly pem: string;
}

/** Makes one in `folder`, good for a day. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const certificatePath = join(folder, "certificate.pem");
  const keyPath = join(folder, "key.pem");
  const bundlePath = join(folder, "bundle.pem");
  const names = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:bits.example.com";
  const request =
    "req -x509 -nodes -days 1 -subj /CN=127.0.0.1 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1";
  const args = [...request.split(" "), "-addext", names, "-keyout", keyPath, "-out", certificatePath];
  await promisify(execFile)(programPath("openssl"), args);
  const [pem, key] = await Promise.all([readFile(certificatePath, "utf8"), readFile(keyPath, "utf8")]);
  await writeFile(bundlePath, pem + key, { mode: 0o600 });
  return { certificatePath, keyPath, bundlePath, pem };
}
