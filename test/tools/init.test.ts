import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { PROJECT } from "../support/bundle.ts";
import { runCommand } from "./command-line.ts";

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bits-init-"));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const ORIGIN = ["--origin", "http://iis.example.com"];

async function init(name: string, ...args: readonly string[]): ReturnType<typeof runCommand> {
  return await runCommand(["init", join(folder, name), "--yes", ...args]);
}

async function textOf(...path: readonly string[]): Promise<string> {
  return await readFile(join(folder, ...path), "utf8");
}

describe("An edge on a machine of one's own", () => {
  test("has one file, which serve finds right", async () => {
    const made = await init("own", ...ORIGIN, "--directory", "uploads", "/a/b");
    expect(made, made.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(await readdir(join(folder, "own"))).toEqual(["edge.toml"]);
    expect(parse(await textOf("own", "edge.toml"))).toEqual({
      ORIGIN_URL: "http://iis.example.com",
      UPLOAD_DIRECTORIES: [{ path: "/uploads/" }, { path: "/a/b/" }],
    });
    const config = join(folder, "own", "edge.toml");
    const state = join(folder, "own", "state");
    const checked = await runCommand(["serve", "--check", "--config", config, "--state", state]);
    expect(checked, checked.stderr).toMatchObject({ code: 0, stderr: "" });
  });

  test("believes the gateway beside it who the client is, and has the gateway's file as shipped", async () => {
    expect(await init("beside", ...ORIGIN, "--gateway", "nginx")).toMatchObject({ code: 0 });
    expect(parse(await textOf("beside", "edge.toml"))).toMatchObject({ TRUSTED_PROXIES: ["127.0.0.1/32"] });
    expect(await textOf("beside", "nginx.conf")).toBe(
      await readFile(join(PROJECT, "deploy", "nginx.conf"), "utf8"),
    );
  });
});

describe("A Worker", () => {
  test("has the bindings of the shipped wrangler.toml, vars of its own, and a key that nobody else reads", async () => {
    expect(await init("worker", ...ORIGIN, "--target", "cloudflare")).toMatchObject({ code: 0 });
    const { vars, ...bindings } = parse(await textOf("worker", "wrangler.toml"));
    const { vars: _, ...shipped } = parse(await readFile(join(PROJECT, "wrangler.toml"), "utf8"));
    expect(bindings).toEqual({ ...shipped, main: "worker.js" });
    expect(vars).toEqual({
      ORIGIN_URL: "http://iis.example.com",
      UPLOAD_DIRECTORIES: [{ path: "/uploads/" }],
    });
    expect(await textOf("worker", ".dev.vars")).toMatch(/^SESSION_KEY="[\w-]{43}"\n$/);
    expect((await stat(join(folder, "worker", ".dev.vars"))).mode & 0o077).toBe(0);
    expect(await textOf("worker", ".gitignore")).toContain(".dev.vars\n");
  });

  test.each([
    [
      "nginx",
      "nginx.conf",
      ["server bits.acme.test:443;", "proxy_pass https://bits_edge;", "proxy_ssl_name bits.acme.test;"],
    ],
    ["haproxy", "haproxy.cfg", ["presetenv BITS_EDGE bits.acme.test:443", "sni str(bits.acme.test)"]],
  ])("behind %s: the gateway speaks TLS to it, by its name", async (gateway, file, lines) => {
    const args = ["--target", "cloudflare", "--gateway", gateway, "--host", "bits.acme.test"];
    expect(await init(gateway, ...ORIGIN, ...args)).toMatchObject({ code: 0 });
    const text = await textOf(gateway, file);
    for (const line of lines) expect(text).toContain(line);
    expect(text).not.toMatch(/#cloudflare|bits\.example\.com|^ *proxy_pass http:|127\.0\.0\.1:8080/m);
  });
});

test("The directories come from an IIS' own configuration, and what is not carried over is said", async () => {
  const source = join(PROJECT, "test", "tools", "fixtures");
  const made = await init(
    "iis",
    ...ORIGIN,
    "--from",
    join(source, "MetaBase.xml"),
    "--public-url",
    "https://bits.test",
  );
  expect(made, made.stderr).toMatchObject({ code: 0 });
  const { UPLOAD_DIRECTORIES: directories } = parse(await textOf("iis", "edge.toml"));
  expect(Array.isArray(directories) && directories.length).toBeGreaterThan(0);
});

describe("Nothing is written", () => {
  test("over what is there, unless --force says so", async () => {
    expect(await init("twice", ...ORIGIN)).toMatchObject({ code: 0 });
    await writeFile(join(folder, "twice", "edge.toml"), "mine");
    const second = await init("twice", ...ORIGIN);
    expect(second).toMatchObject({ code: 2 });
    expect(second.stderr).toContain("edge.toml would be overwritten");
    expect(await textOf("twice", "edge.toml")).toBe("mine");
    expect(await init("twice", ...ORIGIN, "--force")).toMatchObject({ code: 0 });
  });

  test.each([
    ["without an origin", [], /--origin/],
    ["that the edge would refuse", ["--origin", "iis"], /ORIGIN_URL must be/],
    [
      "for a gateway without the Worker's name",
      [...ORIGIN, "--target", "cloudflare", "--gateway", "nginx"],
      /--host/,
    ],
  ])("%s", async (_, args, sentence) => {
    const made = await init("nothing", ...args);
    expect(made).toMatchObject({ code: 2, stdout: "" });
    expect(made.stderr).toMatch(sentence);
    await expect(readdir(join(folder, "nothing"))).rejects.toThrow("ENOENT");
  });
});
