import { execFile } from "node:child_process";
import { access, chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readOptions, type ServeOptions } from "../../tools/serve/options.ts";
import { openLog } from "../../tools/serve/log.ts";
import { readSettings } from "../../tools/serve/settings.ts";
import { SERVE } from "./served-edge.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bits-config-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function optionsFor(content: string | null, name = "edge.toml"): Promise<ServeOptions> {
  const file = join(folder, name);
  if (content !== null) await writeFile(file, content, { mode: 0o644 });
  const args = ["--state", folder, ...(content === null ? [] : ["--config", file])];
  const options = readOptions(args, {});
  if (options === "help") throw new Error("no options");
  return options;
}

async function check(content: string, ...more: string[]) {
  const { config } = await optionsFor(content, "checked.toml");
  const args = [SERVE, "--check", "--config", config ?? "", "--state", join(folder, "none"), ...more];
  const env = { PATH: process.env["PATH"] };
  return await promisify(execFile)(process.execPath, args, { env });
}

async function written(form: "text" | "json", line: string): Promise<string> {
  const [from, out] = [new PassThrough(), new PassThrough()];
  const log = openLog(form, out, out);
  log.follow(from, false);
  from.end(`${line}\n`);
  await new Promise((resolve) => from.once("close", resolve));
  log.say("ready", "it is ready", { sessions: "here" });
  out.end();
  return await text(out);
}

describe("settings", () => {
  test("are wrangler.toml's, replaced by the environment's, and what is empty is not set", async () => {
    const options = await optionsFor(null);
    const own = await readSettings(options, {});
    expect(JSON.parse(own["UPLOAD_DIRECTORIES"] ?? "")).toMatchObject([{ path: "/uploads/" }]);
    expect(Object.keys(own)).not.toContain("ORIGIN_AUTHORIZATION");
    const environment = { ORIGIN_URL: "https://iis.example.com", ORIGIN_AUTHORIZATION: "", PATH: "/bin" };
    expect(await readSettings(options, environment)).toEqual({
      ...own,
      ORIGIN_URL: "https://iis.example.com",
    });
  });

  test("are the file's alone where one is named, in wrangler.toml's words", async () => {
    const options = await optionsFor(
      'ORIGIN_URL = "http://one"\nTRUSTED_PROXIES = ["10.0.0.0/8"]\n[[UPLOAD_DIRECTORIES]]\npath = "/a/"\n',
    );
    expect(await readSettings(options, { HEALTH_PATH: "/up", CLUSTER_READY_URL: "http://nobody" })).toEqual({
      ORIGIN_URL: "http://one",
      TRUSTED_PROXIES: '["10.0.0.0/8"]',
      UPLOAD_DIRECTORIES: '[{"path":"/a/"}]',
      HEALTH_PATH: "/up",
      MAXIMUM_CONNECTIONS: expect.stringMatching(/^\d+$/) as unknown,
      ANSWER_IDLE_TIMEOUT_SECONDS: "270",
      SESSION_OBJECTS: "1",
      SESSION_KEY: expect.stringMatching(/^[\w-]{43}$/) as unknown,
    });
  });

  test("may ask for uploads that need segments, for which edge.capnp has objects", async () => {
    const directories = '[[UPLOAD_DIRECTORIES]]\npath = "/a/"\nmaximum_upload_bytes = 20000000000';
    const options = await optionsFor(`ORIGIN_URL = "http://one"\n${directories}`);
    expect((await readSettings(options, {}))["UPLOAD_DIRECTORIES"]).toContain("20000000000");
  });

  test.each([
    ['ORIGN_URL = "http://one"', "edge.toml sets ORIGN_URL, which is no setting"],
    ['SESSION_JURISDICTION = "eu"', "edge.toml sets SESSION_JURISDICTION, which is for Cloudflare"],
    ['CLUSTER_READY_URL = "http://one"', "edge.toml sets CLUSTER_READY_URL, which is no setting"],
    ["ORIGIN_URL = http://one", /edge\.toml is no TOML: .*, in line 1, column \d+\./],
    ['ORIGIN_URL = "one"', "ORIGIN_URL must be an absolute URL"],
    [
      'ORIGIN_URL = "http://one"\n[[UPLOAD_DIRECTORIES]]\npath = "/a/"\npth = "/b/"',
      "UPLOAD_DIRECTORIES[0].pth is no setting",
    ],
    [
      `ORIGIN_URL = "http://one"\nSESSION_KEY = "${"k".repeat(32)}"`,
      "edge.toml has SESSION_KEY, and others may read it",
    ],
  ])("%s is answered with a sentence", async (content, sentence) => {
    await expect(readSettings(await optionsFor(content), {})).rejects.toThrow(sentence);
  });

  test("may have a secret where nobody else reads the file", async () => {
    const key = "k".repeat(32);
    const options = await optionsFor(`ORIGIN_URL = "http://one"\nSESSION_KEY = "${key}"`, "secret.toml");
    await chmod(join(folder, "secret.toml"), 0o600);
    expect(await readSettings(options, {})).toMatchObject({ SESSION_KEY: key });
  });
});

describe("--check", () => {
  test("says what would be served, ends with 0, and leaves nothing behind", async () => {
    const { stdout } = await check(
      'ORIGIN_URL = "http://one"\n[[UPLOAD_DIRECTORIES]]\npath = "/a/"\n[[UPLOAD_DIRECTORIES]]\npath = "/old/"\nenabled = false\n',
    );
    expect(stdout).toBe(
      "bits-edge: the configuration is right: uploads to /old/ (off), /a/, for http://one\n",
    );
    await expect(access(join(folder, "none"))).rejects.toThrow("ENOENT");
  });

  test("says what is wrong, and ends with 1", async () => {
    await expect(check('ORIGIN_URL = "one"')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^bits-edge: ORIGIN_URL must be an absolute URL.*\n$/) as unknown,
    });
    await expect(
      check('ORIGIN_URL = "http://one"', "--tls", "443", "--certificates", folder),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/certificate\.pem cannot be read \(ENOENT\)\.\n$/) as unknown,
    });
  });
});

describe("the log", () => {
  const at = "2026-11-27T16:12:45.692Z";
  const session = {
    at,
    event: "started",
    session: "S",
    directory: "/a/",
    destination: "/a/b",
    client: null,
    total: 3,
  };

  test("is for people: a time, names that they know, the rest with its own", async () => {
    const line = JSON.stringify({ ...session, because: "two words" });
    expect(await written("text", line)).toBe(
      '16:12:45.692 started S /a/b total=3 because="two words"\nbits-edge: it is ready\n',
    );
    expect(await written("text", "a word of the runtime")).toContain("a word of the runtime\n");
  });

  test("is for programs: every line is an object with a time and an event", async () => {
    const [first = "", second = ""] = (await written("json", JSON.stringify(session))).split("\n");
    expect(JSON.parse(first)).toEqual(session);
    expect(JSON.parse(second)).toMatchObject({ event: "ready", sessions: "here", message: "it is ready" });
    const [runtime = ""] = (await written("json", "a word of the runtime")).split("\n");
    expect(JSON.parse(runtime)).toMatchObject({ event: "runtime", message: "a word of the runtime" });
  });
});
