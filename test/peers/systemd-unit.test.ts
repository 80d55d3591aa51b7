import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { DEPLOY } from "./gateway.ts";

const UNIT = join(DEPLOY, "systemd", "bits-edge.service");
const run = promisify(execFile);

test("systemd gives the unit the exposure level that the documentation states", async () => {
  const { stdout } = await run("systemd-analyze", ["security", "--offline=true", "--no-pager", UNIT]);
  const [, level] = /Overall exposure level for \S+: ([\d.]+ \w+)/.exec(stdout) ?? [];
  const docs = await readFile(join(PROJECT, "docs", "deploy.md"), "utf8");
  const [, stated] = /`systemd-analyze security` says ([^)]+)\)/.exec(docs) ?? [];
  expect(level?.replace(" ", ", ")).toBe(stated);
});

test("systemd finds nothing wrong in the unit, where the project is installed", async () => {
  const folder = await mkdtemp(join(temporaryFolder(), "bits-unit-"));
  onTestFinished(async () => rm(folder, { recursive: true }));
  const installed = join(folder, "bits-edge.service");
  const shipped = await readFile(UNIT, "utf8");
  await writeFile(
    installed,
    shipped
      .replaceAll("/opt/bits-edge/node_modules/.bin/node", process.execPath)
      .replaceAll("/opt/bits-edge", PROJECT.replace(/\/$/, "")),
  );
  const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", installed]);
  expect(stdout + stderr).toBe("");
});
