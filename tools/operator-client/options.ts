import { Option } from "commander";

/** What every command for operators is told. */
export interface OperatorOptions {
  readonly edge?: string;
  readonly token?: string;
  readonly page: string;
  readonly ca?: string;
  readonly json: boolean;
}

/** And `sessions`. */
export interface SessionsOptions extends OperatorOptions {
  readonly state?: string;
  readonly directory?: string;
  readonly cursor?: string;
  readonly all: boolean;
}

/** And `release`. */
export interface ReleaseOptions extends OperatorOptions {
  readonly application: "has-it" | "has-it-not";
}

export function operatorOptions(): Option[] {
  return [
    new Option("--edge <url>", "scheme and host of the edge's HTTP door").env("BITS_EDGE_URL"),
    new Option(
      "--token <token>",
      "OPERATOR_TOKEN of the edge; better in the environment, where nobody else sees it",
    ).env("BITS_EDGE_TOKEN"),
    new Option("--page <path>", "where the operator's page is").default("/_bits/"),
    new Option("--ca <file>", "PEM: the authorities to trust, in place of the usual ones"),
    new Option("--json", "JSON on stdout").default(false),
  ];
}

export function sessionsOptions(): Option[] {
  return [
    new Option("--state <state>", "receiving, complete, committing, held, failed …"),
    new Option("--directory <path>", "of this directory alone"),
    new Option("--cursor <cursor>", "the page that an earlier one named as its next"),
    new Option("--all", "page after page, to the end").default(false),
    ...operatorOptions(),
  ];
}

export function releaseOptions(): Option[] {
  return [
    new Option("--application <answer>", "whether the application has the upload; look there first")
      .choices(["has-it", "has-it-not"])
      .makeOptionMandatory(),
    ...operatorOptions(),
  ];
}
