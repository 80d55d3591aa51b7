import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../../tools/serve/build.ts";
import { EdgeEvents } from "../kill/edge-events.ts";
import { freePort } from "../support/free-port.ts";
import type { Observer } from "../kill/moments.ts";
import { atProcessEnd } from "../support/process-end.ts";
import { Balancer } from "./balancer.ts";
import { Instance } from "./instance.ts";
import { backendOf, BUCKET, CREDENTIALS } from "./backend.ts";
import { Store } from "./store.ts";

const REMAINS = { recursive: true, force: true, maxRetries: 5 };

/** What a cluster is started with. */
export interface ClusterSetup {
  /** Two or more. */
  readonly instances: number;
  readonly originUrl: string;
  readonly directories: readonly object[];
  /** workerd's times are divided by it: a lease of 20 s is one of 20 s / divisor. */
  readonly divisor: number;
  readonly observe: Observer;
  /** Further settings of the edges. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Edges on one bucket, behind HAProxy: all of it real. */
export class Cluster {
  readonly store: Store;
  readonly instances: readonly [Instance, Instance, ...Instance[]];
  readonly balancer: Balancer;
  readonly events: EdgeEvents;
  /** For another edge of the cluster. */
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  readonly folder: string;
  readonly #cleanUp: () => Promise<void>;

  private constructor(parts: Omit<Cluster, "stop">, cleanUp: () => Promise<void>) {
    this.store = parts.store;
    this.instances = parts.instances;
    this.balancer = parts.balancer;
    this.events = parts.events;
    this.env = parts.env;
    this.url = parts.url;
    this.folder = parts.folder;
    this.#cleanUp = cleanUp;
  }

  static async start(setup: ClusterSetup): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), "bits-cluster-"));
    const callOff = atProcessEnd(() => rmSync(folder, REMAINS));
    await build();
    const store = await Store.start(0, backendOf(process.env));
    // A bucket of one's own may have an earlier cluster in it.
    const url = `s3://${BUCKET}/edge-${randomBytes(4).toString("hex")}`;
    const port = await freePort();
    const env = {
      ORIGIN_URL: setup.originUrl,
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      UPLOAD_DIRECTORIES: JSON.stringify(setup.directories),
      ...setup.settings,
      SESSION_KEY: randomBytes(32).toString("hex"),
      CLUSTER_KEY: randomBytes(32).toString("hex"),
      CLUSTER_UNSAFE_TIME_DIVISOR: String(setup.divisor),
      AWS_ENDPOINT_URL: store.endpoint,
      AWS_REGION: "auto",
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    };
    const events = new EdgeEvents(setup.observe);
    const shared = { cluster: url, env, folder, events };
    const instances: [Instance, Instance, ...Instance[]] = [
      await Instance.prepare("edge1", shared),
      await Instance.prepare("edge2", shared),
    ];
    for (let number = 3; number <= setup.instances; number++) {
      instances.push(await Instance.prepare(`edge${number}`, shared));
    }
    await Promise.all(instances.map(async (instance) => instance.start()));
    const balancer = await Balancer.start(
      folder,
      port,
      instances.map(({ tcpPort }) => tcpPort),
    );
    return new Cluster({ store, instances, balancer, events, env, url, folder }, async () => {
      await Promise.all(instances.map(async (instance) => instance.kill()));
      await balancer.stop();
      await store.stop();
      callOff();
      await rm(folder, REMAINS);
    });
  }

  async stop(): Promise<void> {
    await this.#cleanUp();
  }
}
