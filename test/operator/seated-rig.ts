import { type DirectorySettings, type EdgeOptions, startEdge } from "../support/edge.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { Rig } from "../support/rig.ts";
import { ask, READ_TOKEN, type Said, TOKEN } from "./seat-client.ts";

/** Both ways to host sessions: 0 is an object for each and the index, 1 is one object for all of them. */
export const HOSTINGS = [0, 1] as const;

const NOTIFIED = { notification: "by-value", notification_url: "/receive.ashx" } as const;
const DIRECTORIES: readonly DirectorySettings[] = [
  { path: "/uploads/" },
  { path: "/others/" },
  { path: "/notify/", ...NOTIFIED },
  { path: "/hold/", ...NOTIFIED, unknown_outcome: "hold" },
  { path: "/reply/", ...NOTIFIED, reply: true, unknown_outcome: "hold" },
  { path: "/brief/", session_timeout_seconds: 4 },
  { path: "/limited/", maximum_sessions_per_client: 3 },
];

/** An edge with an operator, in front of an origin. */
export class SeatedRig extends Rig {
  static async start(
    sessionObjects: number,
    { vars, ...own }: Partial<EdgeOptions> = {},
  ): Promise<SeatedRig> {
    const origin = await startLegacyOrigin();
    const edge = await startEdge({
      vars: {
        ORIGIN_URL: origin.url,
        UPLOAD_DIRECTORIES: DIRECTORIES,
        SESSION_OBJECTS: String(sessionObjects),
        TRUSTED_PROXIES: ["127.0.0.1/32"],
        ...vars,
      },
      secrets: { OPERATOR_TOKEN: TOKEN, OPERATOR_READ_TOKEN: READ_TOKEN },
      ...own,
    });
    return new SeatedRig(edge, origin, { directory: "/uploads/", keepsConnections: false });
  }

  async look(path: string): Promise<Said> {
    return await ask(this.edge, path);
  }

  /** POST of a deed; `release` says what the application has. */
  async act(name: string, deed: string, application?: string): Promise<Said> {
    const body = application === undefined ? {} : { body: JSON.stringify({ application }) };
    return await ask(this.edge, `sessions/${name}/${deed}`, { method: "POST", ...body });
  }

  /** What the seat says of one session. */
  async session(name: string): Promise<Record<string, unknown>> {
    const said = await this.look(`sessions/${name}`);
    if (said.status !== 200 || said.json === null) throw new Error(`${said.status} ${said.text}`);
    return said.json;
  }

  /** The sessions of all pages. */
  async list(query: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>[]> {
    const all: Record<string, unknown>[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const search = new URLSearchParams({ ...query, ...(cursor === "" ? {} : { cursor }) });
      const said = await this.look(`sessions?${search.toString()}`);
      if (said.status !== 200) throw new Error(`${said.status} ${said.text}`);
      const page = said.json as unknown as { sessions: Record<string, unknown>[]; next: string | null };
      all.push(...page.sessions);
      cursor = page.next;
    }
    return all;
  }
}
