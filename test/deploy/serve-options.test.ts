import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { HELP } from "../../tools/serve/help.ts";
import { readOptions } from "../../tools/serve/options.ts";
import { ensureState, sessionKey } from "../../tools/serve/state.ts";
import { PROJECT } from "../support/bundle.ts";

test("without a word it serves this machine only", () => {
  expect(readOptions([], {})).toEqual({
    http: "127.0.0.1:8080",
    tcp: "127.0.0.1:8789",
    tls: null,
    certificates: null,
    state: resolve("state"),
    config: null,
    log: "json",
    build: true,
    check: false,
    cluster: null,
  });
});

test("the log is for whoever reads it", () => {
  expect(readOptions([], {}, true)).toMatchObject({ log: "text" });
  expect(readOptions([], { LOG: "json" }, true)).toMatchObject({ log: "json" });
});

test("--help fits a screen of 24 lines and 80 columns, with the prompt", () => {
  const lines = HELP.split("\n");
  expect(lines.length).toBeLessThanOrEqual(23);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test("the command line comes before the environment", () => {
  const environment = { HTTP_ADDRESS: "1", TCP_ADDRESS: "*:80", STATE_FOLDER: "/var/lib/one" };
  const options = readOptions(["--http", "[::1]:8081", "--state", "/var/lib/two"], environment);
  expect(options).toMatchObject({ http: "[::1]:8081", tcp: "*:80", state: "/var/lib/two" });
});

test.each([
  [["--http", "eighty"], "--http must be a port or host:port"],
  [["--tcp", "*:65536"], "--tcp must be a port or host:port"],
  [["--tls", "443"], "--tls and --certificates go together"],
  [["--certificates", "/etc/bits-edge"], "--tls and --certificates go together"],
  [["--prot", "80"], "Unknown option '--prot'"],
  [["--log", "xml"], "--log must be text or json, but is xml."],
  [["--cluster-address", "10.0.0.1:7000"], "--cluster-… options need --cluster s3://bucket/prefix."],
  [["--cluster", "gs://bucket/prefix"], "--cluster must be s3://bucket/prefix"],
  [["--cluster", "s3://bucket"], "--cluster must be s3://bucket/prefix"],
  [["--cluster", "s3://bucket/edge"], "--cluster needs --cluster-address"],
  [
    ["--cluster", "s3://bucket/edge", "--cluster-address", "10.0.0.1:0"],
    "--cluster-address must have a port of its own",
  ],
])("%j is answered with a sentence", (args, sentence) => {
  expect(() => readOptions(args, {})).toThrow(sentence);
});

const CLUSTER = ["--cluster", "s3://bucket/some/edge/", "--cluster-address", "10.0.0.1:7000"];
const SECRETS = {
  CLUSTER_KEY: "0123456789abcdef0123456789abcdef",
  AWS_ENDPOINT_URL: "https://s3.example.com/",
  AWS_ACCESS_KEY_ID: "id",
  AWS_SECRET_ACCESS_KEY: "secret",
};

test("a cluster is a bucket, an address, and secrets of the environment", () => {
  expect(readOptions([...CLUSTER, "--cluster-listen", "*:7000"], SECRETS)).toMatchObject({
    cluster: {
      bucket: "bucket",
      prefix: "some/edge",
      address: "10.0.0.1:7000",
      listen: "*:7000",
      replacesConfiguration: false,
      store: { endpoint: "https://s3.example.com", region: "auto" },
    },
  });
  const amazon = { ...SECRETS, AWS_ENDPOINT_URL: undefined, AWS_REGION: "eu-central-1" };
  expect(readOptions(CLUSTER, amazon)).toMatchObject({
    cluster: { listen: "10.0.0.1:7000", store: { endpoint: "https://s3.eu-central-1.amazonaws.com" } },
  });
});

test("docs/cluster.md's environment is one that systemd reads: to it a comment behind a value is the value's", async () => {
  const page = await readFile(join(PROJECT, "docs", "cluster.md"), "utf8");
  const [, block = ""] = /```sh\n( *CLUSTER=.*?)```/s.exec(page) ?? [];
  const lines = block.split("\n").map((line) => line.trim());
  const assignments = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const environment = Object.fromEntries(
    assignments.map(
      (line) => line.replace("…", "k".repeat(32)).split(/=(.*)/s).slice(0, 2) as [string, string],
    ),
  );
  expect(readOptions([], environment)).toMatchObject({
    cluster: {
      bucket: "bits-uploads",
      address: "10.0.0.1:7000",
      store: { endpoint: "https://s3.eu-central-1.amazonaws.com" },
    },
  });
});

test.each([
  [{ CLUSTER_KEY: "short" }, "--cluster needs CLUSTER_KEY in the environment, 32 characters or more"],
  [{ AWS_ACCESS_KEY_ID: "" }, "--cluster needs AWS_ACCESS_KEY_ID in the environment."],
  [{ AWS_ENDPOINT_URL: undefined }, "--cluster needs AWS_ENDPOINT_URL, or AWS_REGION for Amazon's own S3."],
  [{ AWS_ENDPOINT_URL: "https://example.com/s3" }, "AWS_ENDPOINT_URL must be scheme, host and port"],
])("a cluster with %j is answered with a sentence", (environment, sentence) => {
  expect(() => readOptions(CLUSTER, { ...SECRETS, ...environment })).toThrow(sentence);
});

test("a state folder that cannot be, and a key that is none, are told in a sentence", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bits-state-"));
  try {
    await writeFile(join(folder, "file"), "");
    await expect(ensureState(join(folder, "file"))).rejects.toThrow(
      /^The state folder .* cannot be written \(EEXIST\)/,
    );
    await writeFile(join(folder, "session-key"), "short\n");
    await expect(sessionKey(folder)).rejects.toThrow(/holds no key of 32 characters or more/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
