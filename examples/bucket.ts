// A bucket for trying a cluster on one machine (docs/cluster.md): Cloudflare's simulator of R2, which speaks S3 and serves
// conditional writes. It is at http://127.0.0.1:9000, or at another port: node examples/bucket.ts 9001. What is in it is
// gone when it ends.
import { BUCKET, CREDENTIALS } from "../test/cluster/backend.ts";
import { Store } from "../test/cluster/store.ts";

const store = await Store.start(Number(process.argv[2] ?? 9000));
console.log(`bucket for trying, until Ctrl-C:

export AWS_ENDPOINT_URL=${store.endpoint}
export AWS_ACCESS_KEY_ID=${CREDENTIALS.accessKeyId}
export AWS_SECRET_ACCESS_KEY=${CREDENTIALS.secretAccessKey}
# --cluster s3://${BUCKET}/edge`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void store.stop();
  });
}
