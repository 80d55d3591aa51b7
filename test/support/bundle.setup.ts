import { bundle } from "./bundle.ts";
import { edgeOfProject } from "./edge-of-project.ts";

/** Builds the Worker of a vitest project once, before its files run side by side and each would build it. */
export default async function setup({ config }: { config: { env?: NodeJS.ProcessEnv } }): Promise<void> {
  await bundle(edgeOfProject(config.env ?? {}).main);
}
