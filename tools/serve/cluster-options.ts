import { address } from "./address.ts";
import { ServeError } from "./serve-error.ts";

/** A cluster of edges: the bucket that they share, and how they reach each other. */
export interface ClusterOptions {
  readonly bucket: string;
  /** Keys of the cluster's objects begin with it; without a slash at either end. */
  readonly prefix: string;
  /** Where the other edges reach this one, `host:port`. */
  readonly address: string;
  /** Where it listens for them, `host:port`. */
  readonly listen: string;
  /** What only its edges know; 32 characters or more. */
  readonly key: string;
  /** Whether the settings of this edge take the place of those that the cluster has agreed on. */
  readonly replacesConfiguration: boolean;
  readonly store: StoreOptions;
  /** For tests, which cannot wait for a lease: what workerd divides its times by (`unsafeTimeDivisor`). */
  readonly timeDivisor: number;
}

/** How the bucket is reached. */
interface StoreOptions {
  /** Scheme, host and port. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** As the command line and the environment have it. */
interface ClusterWords {
  readonly url: string | null;
  readonly address: string | null;
  readonly listen: string | null;
  readonly replacesConfiguration: boolean;
}

/**
 * Reads what a cluster needs; null where there is none.
 *
 * @throws ServeError with a sentence that names what is missing
 */
export function readCluster(
  words: ClusterWords,
  environment: Readonly<Record<string, string | undefined>>,
): ClusterOptions | null {
  if (words.url === null || words.url === "") {
    if (words.address ?? words.listen ?? (words.replacesConfiguration || null)) {
      throw new ServeError("--cluster-… options need --cluster s3://bucket/prefix.");
    }
    return null;
  }
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/([^/].*?)\/?$/.exec(words.url) ?? [];
  if (bucket === undefined || prefix === undefined) {
    throw new ServeError(
      `--cluster must be s3://bucket/prefix, such as s3://uploads/edge, but is ${words.url}.`,
    );
  }
  if (words.address === null) {
    throw new ServeError(
      "--cluster needs --cluster-address: host:port at which the other edges reach this one, in a private network.",
    );
  }
  const reached = withPort("--cluster-address", words.address);
  return {
    bucket,
    prefix,
    address: reached,
    listen: words.listen === null ? reached : withPort("--cluster-listen", words.listen),
    key: secret(environment, "CLUSTER_KEY", 32),
    replacesConfiguration: words.replacesConfiguration,
    store: readStore(environment),
    timeDivisor: Number(environment["CLUSTER_UNSAFE_TIME_DIVISOR"] ?? 1),
  };
}

function readStore(environment: Readonly<Record<string, string | undefined>>): StoreOptions {
  const region = environment["AWS_REGION"] ?? "auto";
  const endpoint = environment["AWS_ENDPOINT_URL"] ?? `https://s3.${region}.amazonaws.com`;
  if (environment["AWS_ENDPOINT_URL"] === undefined && region === "auto") {
    throw new ServeError("--cluster needs AWS_ENDPOINT_URL, or AWS_REGION for Amazon's own S3.");
  }
  const url = URL.parse(endpoint);
  // workerd 1.20261117.1 puts a path into the Host field as well, and the store finds no bucket (seen).
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search !== "") {
    throw new ServeError(
      `AWS_ENDPOINT_URL must be scheme, host and port, such as https://s3.example.com, but is ${endpoint}.`,
    );
  }
  return {
    endpoint: url.origin,
    region,
    accessKeyId: secret(environment, "AWS_ACCESS_KEY_ID", 1),
    secretAccessKey: secret(environment, "AWS_SECRET_ACCESS_KEY", 1),
    sessionToken: environment["AWS_SESSION_TOKEN"],
  };
}

/** Other edges are told of it: a port that the system chooses is one that nobody opened a firewall for. */
function withPort(option: string, text: string): string {
  const found = address(option, text);
  if (!found.endsWith(":0")) return found;
  throw new ServeError(`${option} must have a port of its own, and not 0.`);
}

function secret(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
  least: number,
): string {
  const value = environment[name] ?? "";
  if (value.length >= least) return value;
  const expected = least === 1 ? "" : `, ${least} characters or more (openssl rand -hex ${least})`;
  throw new ServeError(`--cluster needs ${name} in the environment${expected}.`);
}
