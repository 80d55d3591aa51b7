import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import { beforeAll, expect, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";

/** deploy/workerd/edge.capnp repeats what wrangler.toml and src/env.ts say; here the three are held together. */
let capnp: string;
const { rawConfig } = readRawConfig({ config: join(PROJECT, "wrangler.toml") });
beforeAll(async () => {
  capnp = await readFile(join(PROJECT, "deploy", "workerd", "edge.capnp"), "utf8");
});

test("the compatibility date and flags are wrangler.toml's", () => {
  expect(capnp).toContain(`compatibilityDate = "${rawConfig.compatibility_date}"`);
  for (const flag of rawConfig.compatibility_flags ?? []) expect(capnp).toContain(`"${flag}"`);
});

test("every Durable Object of wrangler.toml is bound and has its class", () => {
  for (const { name, class_name: className } of rawConfig.durable_objects?.bindings ?? []) {
    expect(capnp).toContain(`(name = "${name}", durableObjectNamespace = "${className}")`);
    expect(capnp).toContain(
      `(className = "${className}", uniqueKey = "bits-edge-${className}", enableSql = true)`,
    );
  }
});

/** Where Cloudflare keeps objects: `npm run serve` refuses these. */
const OF_CLOUDFLARE = new Set(["SESSION_JURISDICTION", "SESSION_LOCATION_HINT"]);

test("every setting that the Worker reads, but for Cloudflare's own, can be set by the environment", async () => {
  const env = await readFile(join(PROJECT, "src", "env.ts"), "utf8");
  const names = [...env.matchAll(/readonly (\w+)\?: unknown;/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !OF_CLOUDFLARE.has(name));
  expect(names).toContain("ORIGIN_URL");
  const bound = [...capnp.matchAll(/\(name = "(\w+)", fromEnvironment = "(\w+)"\)/g)];
  for (const [, name, variable] of bound) expect(variable).toBe(name);
  expect(new Set(bound.map(([, name]) => name))).toEqual(new Set(names));
});

test("edge-tls.capnp has edge.capnp's doors, as they are, and one more", async () => {
  const tls = await readFile(join(PROJECT, "deploy", "workerd", "edge-tls.capnp"), "utf8");
  const doors =
    capnp.slice(capnp.indexOf("List(Workerd.Socket)")).match(/^ {2}\(name = "(?:http|tcp)".*$/gm) ?? [];
  expect(doors).toHaveLength(2);
  for (const door of doors) expect(tls).toContain(door);
});
