import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";

const read = async (file: string): Promise<string> => readFile(join(PROJECT, file), "utf8");

/**
 * Cloudflare's deploy button asks for the variables of wrangler.toml and for every entry of .dev.vars.example, with the
 * words of package.json (developers.cloudflare.com/workers/platform/deploy-buttons).
 */
test("whoever deploys by the button is told what each value is, and asked for no secret that is not needed", async () => {
  const { cloudflare } = JSON.parse(await read("package.json")) as {
    cloudflare: { bindings: Record<string, { description: string }> };
  };
  const { vars } = parse(await read("wrangler.toml")) as { vars: object };
  const secrets = (await read(".dev.vars.example")).split("\n").filter((line) => /^[A-Z_]+=/.test(line));
  const asked = [...Object.keys(vars), ...secrets.map((line) => line.split("=")[0] ?? "")];
  expect(Object.keys(cloudflare.bindings).toSorted()).toEqual(asked.toSorted());
});
