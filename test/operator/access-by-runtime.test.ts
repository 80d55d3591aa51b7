import { afterAll, beforeAll, expect, test } from "vitest";
import { type Edge, startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { ask, type Said } from "./seat-client.ts";

/**
 * Cloudflare Access by the runtime's word, `ctx.access`. The runtime is real, and so is its `ctx.access`; whom Access has let
 * in is said by a field, as workerd has it for development, in place of Cloudflare's own front.
 */
const AUDIENCE = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";
const FIELD = "X-Let-In-By-Access";
const DEED = "sessions/A0FF5911-4144-45B3-BF27-27AFC8EC8A67/cancel";
const JANE = { app_aud: AUDIENCE, jwt_claims: { email: "jane@example.com" } };

let edge: Edge;
let withoutAccess: Edge;
beforeAll(async () => {
  const vars = {
    ORIGIN_URL: "http://127.0.0.1:9",
    SESSION_OBJECTS: "1",
    ACCESS_TEAM_DOMAIN: "https://nobody.example",
    ACCESS_AUD: AUDIENCE,
  };
  // No key of the team can be asked for: what is believed here is the runtime's word alone.
  const outbound = "nothing";
  [edge, withoutAccess] = await Promise.all([
    startEdge({ vars, outbound, accessField: FIELD }),
    startEdge({ vars, outbound }),
  ]);
});
afterAll(async () => {
  await Promise.all([edge.stop(), withoutAccess.stop()]);
});

const by = async (blob: unknown, path = "sessions", init: RequestInit = {}, at = edge): Promise<Said> =>
  await ask(at, path, {
    method: init.method ?? "GET",
    token: null,
    headers: { [FIELD]: JSON.stringify(blob), ...(init.headers as Record<string, string> | undefined) },
  });

test("whom the runtime says that Access has let in is an operator, by the address of the identity", async () => {
  expect(await by(JANE)).toMatchObject({ status: 200, json: { sessions: [] } });
});

test("he acts for the edge's own page only, and the log has his name; a service's is its token's client id", async () => {
  const service = { app_aud: AUDIENCE, jwt_claims: { service_token_id: "a-script.access" } };
  const nobody = { app_aud: AUDIENCE };
  for (const one of [JANE, service, nobody]) {
    const own = { method: "POST", headers: { Origin: edge.httpUrl } };
    expect((await by(one, DEED, own)).status).toBe(404); // there is no such session
    expect((await by(one, DEED, { method: "POST" })).status).toBe(403);
  }
  await eventually(() => {
    const names = edge.logs
      .map(({ json }) => json as Record<string, unknown> | undefined)
      .filter((line) => line?.["event"] === "operator-deed")
      .map((line) => line?.["by"]);
    expect(new Set(names)).toEqual(new Set(["jane@example.com", "a-script.access", "somebody by Access"]));
  });
});

test.each<[string, unknown]>([
  ["another application of the team", { ...JANE, app_aud: "0".repeat(64) }],
  ["an application without a tag", { ...JANE, app_aud: "" }],
])("whom Access has let in to %s is nobody here", async (_, blob) => {
  expect((await by(blob)).status).toBe(401);
});

test("a request that has not passed Access is nobody's", async () => {
  expect((await ask(edge, "sessions", { token: null })).status).toBe(401);
  // Where the runtime is not told to believe it, the field is a field like any other.
  expect((await by(JANE, "sessions", {}, withoutAccess)).status).toBe(401);
});
