import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { readOptions } from "../../tools/serve/options.ts";
import { readSettings } from "../../tools/serve/settings.ts";
import { ensureState, sessionKey } from "../../tools/serve/state.ts";

test("without a word it serves this machine only", () => {
  expect(readOptions([], {})).toEqual({
    http: "127.0.0.1:8080",
    tcp: "127.0.0.1:8789",
    tls: null,
    certificates: null,
    state: resolve("state"),
    build: true,
  });
});

test("the command line comes before the environment", () => {
  const environment = { HTTP_ADDRESS: "1", TCP_ADDRESS: "*:80", STATE_FOLDER: "/var/lib/one" };
  const options = readOptions(["--http", "[::1]:8081", "--state", "/var/lib/two"], environment);
  expect(options).toMatchObject({ http: "[::1]:8081", tcp: "*:80", state: "/var/lib/two" });
});

test.each([
  [["--http", "eighty"], "--http must be a port or host:port"],
  [["--tcp", "*:65536"], "--tcp must be a port or host:port"],
  [["--tls", "443"], "--tls and --certificates go together"],
  [["--certificates", "/etc/bits-edge"], "--tls and --certificates go together"],
  [["--prot", "80"], "Unknown option '--prot'"],
])("%j is answered with a sentence", (args, sentence) => {
  expect(() => readOptions(args, {})).toThrow(sentence);
});

test("settings are wrangler.toml's, replaced by the environment's, and what is empty is not set", async () => {
  const own = await readSettings({});
  expect(JSON.parse(own["UPLOAD_DIRECTORIES"] ?? "")).toMatchObject([{ path: "/uploads/" }]);
  expect(Object.keys(own)).not.toContain("ORIGIN_AUTHORIZATION");
  const environment = { ORIGIN_URL: "https://iis.example.com", ORIGIN_AUTHORIZATION: "", PATH: "/bin" };
  expect(await readSettings(environment)).toEqual({ ...own, ORIGIN_URL: "https://iis.example.com" });
});

test("a state folder that cannot be, and a key that is none, are told in a sentence", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bits-state-"));
  try {
    await writeFile(join(folder, "file"), "");
    await expect(ensureState(join(folder, "file"))).rejects.toThrow(
      /^The state folder .* cannot be written \(EEXIST\)/,
    );
    await writeFile(join(folder, "session-key"), "short\n");
    await expect(sessionKey(folder)).rejects.toThrow(/holds no key of 32 characters or more/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
