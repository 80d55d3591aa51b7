import { AwsClient } from "aws4fetch";
import type { ClusterOptions } from "./cluster-options.ts";
import { ServeError } from "./serve-error.ts";

const PATIENCE_MILLISECONDS = 10_000;

/** An object of the bucket, as far as this program needs one. */
export interface Bucket {
  /** Null where there is none. */
  get(key: string): Promise<string | null>;
  /**
   * Writes it, with `onlyNew` where there is none (S3 User Guide, "Conditional writes": `If-None-Match: *`).
   *
   * @returns whether it was written
   */
  put(key: string, body: string, onlyNew: boolean): Promise<boolean>;
}

/** The bucket of a cluster. What goes wrong with it is a {@link ServeError}. */
export function openBucket({ bucket, prefix, store }: ClusterOptions): Bucket {
  const { accessKeyId, secretAccessKey, sessionToken, region, endpoint } = store;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region,
    service: "s3",
    retries: 0,
  });

  async function ask(key: string, init: RequestInit, fine: readonly number[]): Promise<Response> {
    const url = `${endpoint}/${bucket}/${prefix}/${key}`;
    let response: Response;
    try {
      response = await client.fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
    } catch (error) {
      const reason = error instanceof Error ? (error.cause ?? error) : error;
      throw new BucketSilent(
        `The bucket at ${endpoint} does not answer (${reason instanceof Error ? reason.message : String(reason)}).`,
      );
    }
    if (fine.includes(response.status)) return response;
    const [, code = ""] = /<Code>(\w+)<\/Code>/.exec(await response.text()) ?? [];
    const words = `The bucket s3://${bucket} at ${endpoint} answers ${response.status} ${code}`.trim();
    if (response.status >= 500) throw new BucketSilent(`${words}.`);
    throw new ServeError(`${words}: look at its name, AWS_REGION, and what the credentials may do.`);
  }

  return {
    async get(key) {
      const response = await ask(key, {}, [200, 404]);
      const body = await response.text();
      if (response.status === 200) return body;
      if (body.includes("NoSuchBucket")) throw new ServeError(`There is no bucket ${bucket} at ${endpoint}.`);
      return null;
    },
    async put(key, body, onlyNew) {
      const headers = onlyNew ? { "If-None-Match": "*" } : {};
      const { status } = await ask(key, { method: "PUT", body, headers }, [200, 409, 412]);
      return status === 200;
    },
  };
}

/** The bucket may answer later. */
export class BucketSilent extends ServeError {}
