import type { Application } from "./application.ts";
import type { EdgeEvent } from "./edge-events.ts";
import { EdgeUnderFire } from "./edge-under-fire.ts";
import type { RoundPlan } from "./plan.ts";
import type { Sightings } from "./round.ts";
import { SeatCheck } from "./seat-check.ts";

/** An edge, and what its operator sees of it. */
export interface SeatedEdge {
  readonly edge: EdgeUnderFire;
  readonly seat: SeatCheck;
}

/** Both ways to host sessions, an edge for each: a round is played on one of them. */
export class BothHostings {
  readonly #edges: Readonly<Record<RoundPlan["sessionObjects"], SeatedEdge>>;

  private constructor(own: SeatedEdge, shared: SeatedEdge) {
    this.#edges = [own, shared];
  }

  static async start(application: Application, sightings: Sightings): Promise<BothHostings> {
    const [own, shared] = await Promise.all(
      (["0", "1"] as const).map(async (SESSION_OBJECTS) => {
        const edge = await EdgeUnderFire.start(application.url, sightings.observe, { SESSION_OBJECTS });
        return { edge, seat: new SeatCheck(edge, application) };
      }),
    );
    if (own === undefined || shared === undefined) throw new Error("there are two");
    return new BothHostings(own, shared);
  }

  for({ sessionObjects }: RoundPlan): SeatedEdge {
    return this.#edges[sessionObjects];
  }

  get all(): readonly SeatedEdge[] {
    return Object.values(this.#edges);
  }

  get kills(): number {
    return this.all.reduce((sum, { edge }) => sum + edge.kills, 0);
  }

  /** What the log says of the sessions of a destination, in order. */
  eventsOf(destination: string): readonly EdgeEvent[] {
    return this.all.flatMap(({ edge }) => edge.eventsOf(destination));
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map(async ({ edge }) => edge.stop()));
  }
}
