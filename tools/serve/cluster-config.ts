import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterOptions } from "./cluster-options.ts";

/**
 * How long a stopping edge has to hand its sessions to the others (workerd.capnp, `stopTimeoutMs`). Half of it is for
 * requests that run, a commit above all: one that is cut off is sent again, with the same key.
 */
export const STOP_MILLISECONDS = 30_000;

/**
 * Writes what workerd is started with in a cluster: the services and doors of `base` as they are, and the cluster. It has
 * the cluster's key, which workerd takes from nowhere else, so only this user can read it.
 *
 * @param base edge.capnp or edge-tls.capnp, which workerd looks up from the project's folder
 * @returns path of the file
 */
export async function writeClusterConfig(
  state: string,
  base: string,
  cluster: ClusterOptions,
): Promise<string> {
  const { store } = cluster;
  const text = `using Workerd = import "/workerd/workerd.capnp";
using Edge = import "/deploy/workerd/${base}";

const edge :Workerd.Config = (
  services = Edge.services,
  sockets = Edge.sockets,
  cluster = (
    bucket = ${quote(`s3://${cluster.bucket}/${cluster.prefix}`)},
    # The credentials come from the environment.
    bucketOptions = [${quote(`aws_endpoint=${store.endpoint}`)}, ${quote(`aws_region=${store.region}`)}],
    address = ${quote(cluster.listen.replace(/^\*:/, "0.0.0.0:"))},
    advertise = ${quote(cluster.address)},
    key = ${quote(cluster.key)},
    stopTimeoutMs = ${STOP_MILLISECONDS},
    unsafeTimeDivisor = ${cluster.timeDivisor},
  ),
);
`;
  const path = join(state, "cluster.capnp");
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  return path;
}

/** A Cap'n Proto text literal. */
function quote(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
