import { defineConfig } from "vitest/config";

// `npm run` tells programs below it about the project. In the packages' folder there is no project.
for (const name of Object.keys(process.env))
  if (name.startsWith("npm_")) Reflect.deleteProperty(process.env, name);

/** The packed package, in an empty folder, as its users have it: `npm run test:package`. */
export default defineConfig({
  test: {
    include: ["test/package/**/*.test.ts"],
    globalSetup: ["test/package/packed.setup.ts"],
    silent: "passed-only",
    testTimeout: 180_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
