import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/** A server that speaks S3, as {@link Store} reaches it. */
export interface Backend {
  /** Without a slash at its end; it may have a path. */
  readonly url: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** Whether `If-Match` has its ETag in quotes (RFC 9110, 8.8.3). Ceph 16 finds none that is in quotes. */
  readonly quotesETags: boolean;
  stop(): Promise<void>;
}

/** What signs requests to it. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const BUCKET = "uploads";
export const CREDENTIALS: Credentials = {
  accessKeyId: "AKIDOFTHETESTS",
  secretAccessKey: "a-secret-of-the-tests",
};

/** Where Miniflare serves S3 (miniflare 5.20261117.0, `CorePaths.R2_S3`). */
const S3_PATH = "/cdn-cgi/local/r2/s3";

/** R2 as Cloudflare's own simulator has it, which checks signatures and serves conditional writes. */
export async function startSimulator(): Promise<Backend> {
  const simulator = new Miniflare(
    convertV4MiniflareOptions({
      name: "store",
      modules: true,
      script: "export default { fetch: () => new Response(null, { status: 404 }) };",
      compatibilityDate: "2026-10-20",
      r2Buckets: { BUCKET: { id: BUCKET, s3Credentials: CREDENTIALS } },
    }),
  );
  const url = new URL(S3_PATH, await simulator.ready);
  return {
    url: url.href,
    region: "auto",
    credentials: CREDENTIALS,
    quotesETags: true,
    stop: async () => simulator.dispose(),
  };
}

/**
 * A server of one's own, which has a bucket `uploads`.
 *
 * @param environment its AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; null without the first
 */
export function backendOf(environment: Readonly<Record<string, string | undefined>>): Backend | null {
  const { AWS_ENDPOINT_URL: url, AWS_REGION: region = "us-east-1" } = environment;
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = environment;
  if (url === undefined || url === "") return null;
  const credentials = { accessKeyId, secretAccessKey };
  return {
    url: url.replace(/\/$/, ""),
    region,
    credentials,
    quotesETags: false,
    stop: async () => Promise.resolve(),
  };
}
