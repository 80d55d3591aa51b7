import { Option } from "commander";
import { clientOptions, whole } from "../upload/options.ts";

/** What the command line says beside the URL. */
export interface DoctorOptions {
  readonly user?: string;
  readonly bearer?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly upload: boolean;
  readonly waitClose: number;
  readonly healthPath: string;
  readonly json: boolean;
}

/** Those of `doctor`. */
export function doctorOptions(): Option[] {
  return [
    ...clientOptions(),
    new Option("--upload", "upload 1 MiB to the end too: the origin gets a file or a notification").default(
      false,
    ),
    new Option("--wait-close <seconds>", "how long the Close-Session of --upload may take")
      .argParser(whole(1, 3600))
      .default(300),
    new Option("--health-path <path>", "HEALTH_PATH of the edge").default("/healthz"),
    new Option("--json", "one JSON object on stdout").default(false),
  ];
}
