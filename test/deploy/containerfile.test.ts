import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";

/** The recipe of the image. That what it installs serves from an empty folder is the package's test (test/package). */
let containerfile: string;
let manifest: { readonly name: string; readonly bin: { readonly "bits-edge": string } };
beforeAll(async () => {
  containerfile = await readFile(join(PROJECT, "deploy", "Containerfile"), "utf8");
  manifest = JSON.parse(await readFile(join(PROJECT, "package.json"), "utf8")) as typeof manifest;
});

test("the image is made from what `npm pack` leaves, and starts the package's own command", () => {
  const { name, bin } = manifest;
  expect(containerfile).toContain(`COPY ${name}-*.tgz ./\n`);
  expect(containerfile).toContain(`npm install --omit=dev --no-audit --no-fund ./${name}-*.tgz`);
  expect(containerfile).toContain(
    `ENTRYPOINT ["node", "node_modules/${name}/${bin["bits-edge"]}", "serve"]\n`,
  );
});

test("the image runs as a user of no rights, keeps one folder, and ends as systemd ends it", () => {
  const last = containerfile.slice(containerfile.lastIndexOf("\nFROM "));
  expect(last).toMatch(/^USER node$/m);
  expect(last).toMatch(/^VOLUME \/var\/lib\/bits-edge$/m);
  expect(last).toMatch(/^STOPSIGNAL SIGTERM$/m);
});
