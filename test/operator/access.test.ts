import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Edge, startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { ask, type Said } from "./seat-client.ts";

/** A team of Cloudflare Access: what answers at its address has the keys, as Access' own does. */
const pem = async (name: string): Promise<string> =>
  await readFile(join(import.meta.dirname, "../fixtures/certificates", `${name}.pem`), "utf8");
const own = await generateKeyPair("RS256");
const strange = await generateKeyPair("RS256");
const AUDIENCE = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";

let team: Server;
let teamUrl: string;
let edge: Edge;

beforeAll(async () => {
  const keys = [{ ...(await exportJWK(own.publicKey)), kid: "one", alg: "RS256", use: "sig" }];
  team = createServer({ cert: await pem("good"), key: await pem("key") }, ({ url }, response) => {
    response.writeHead(url === "/cdn-cgi/access/certs" ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ keys }));
  });
  team.listen(0, "127.0.0.1");
  await once(team, "listening");
  const address = team.address();
  teamUrl = `https://localhost:${typeof address === "object" ? address?.port : ""}`;
  edge = await startEdge({
    vars: {
      ORIGIN_URL: "http://127.0.0.1:9",
      SESSION_OBJECTS: "1",
      ACCESS_TEAM_DOMAIN: teamUrl,
      ACCESS_AUD: AUDIENCE,
    },
    trustedCertificate: await pem("authority"),
  });
});
afterAll(async () => {
  await edge.stop();
  team.close();
});

interface Told {
  readonly claims?: JWTPayload;
  readonly issuer?: string;
  readonly audience?: string;
  /** Null: it is good for ever. */
  readonly expires?: string | null;
  readonly key?: typeof own.privateKey;
}

async function token({
  claims = { email: "jane@example.com" },
  issuer = teamUrl,
  audience = AUDIENCE,
  expires = "5 minutes",
  key = own.privateKey,
}: Told = {}): Promise<string> {
  const unsigned = new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: "one" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt("-1 hour");
  return await (expires === null ? unsigned : unsigned.setExpirationTime(expires)).sign(key);
}

const by = async (assertion: string, path = "sessions", init: RequestInit = {}): Promise<Said> =>
  await ask(edge, path, {
    method: init.method ?? "GET",
    token: null,
    headers: {
      "Cf-Access-Jwt-Assertion": assertion,
      ...(init.headers as Record<string, string> | undefined),
    },
  });

test("whom Access lets in is an operator, by his address; a service by its name", async () => {
  expect(await by(await token())).toMatchObject({ status: 200, json: { sessions: [] } });
  const headers = { Origin: edge.httpUrl };
  const path = "sessions/A0FF5911-4144-45B3-BF27-27AFC8EC8A67/cancel";
  const service = await token({ claims: { common_name: "a-script.access" } });
  for (const one of [await token(), service])
    expect((await by(one, path, { method: "POST", headers })).status).toBe(404);
  await eventually(() => {
    const who = edge.logs
      .map((line) => line.json as Record<string, unknown> | undefined)
      .map((line) => line?.["by"]);
    expect(who).toEqual(expect.arrayContaining(["jane@example.com", "a-script.access"]));
  });
});

test("what Access lets in acts for the edge's own page only: a browser sends its cookie to Access by itself", async () => {
  const path = "sessions/A0FF5911-4144-45B3-BF27-27AFC8EC8A67/cancel";
  for (const headers of [{}, { Origin: "https://elsewhere.example" }])
    expect((await by(await token(), path, { method: "POST", headers })).status).toBe(403);
});

test.each<[string, Told]>([
  ["a key that is not the team's", { key: strange.privateKey }],
  ["another team", { issuer: "https://other.cloudflareaccess.com" }],
  ["another application of the team", { audience: "0".repeat(64) }],
  ["a time that is over", { expires: "-1 minute" }],
  ["no time at all", { expires: null }],
])("a token of %s is nobody's", async (_, told) => {
  expect(await by(await token(told))).toMatchObject({ status: 401 });
});

test("nor is one that says it needs no signature, is signed with the public key, or is no token", async () => {
  const [, payload = ""] = (await token()).split(".");
  const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(own.publicKey)));
  const symmetric = await new SignJWT({ email: "eve@example.com" })
    .setProtectedHeader({ alg: "HS256", kid: "one" })
    .setIssuer(teamUrl)
    .setAudience(AUDIENCE)
    .setExpirationTime("5 minutes")
    .sign(secret);
  for (const one of [`${none}.${payload}.`, symmetric, "x", "", "a.b.c"])
    expect((await by(one)).status, one).toBe(401);
});

test("there is no form where no token is configured, and no token is taken", async () => {
  const page = await ask(edge, "", { token: null, headers: { Accept: "text/html" } });
  expect(page).toMatchObject({ status: 401, json: { error: expect.any(String) } });
  expect(await ask(edge, "sessions")).toMatchObject({ status: 401 });
});

test("no token of Access is in the log", async () => {
  const one = await token({ expires: "-1 minute" });
  await by(one);
  await eventually(() =>
    expect(edge.logs.map(({ text }) => text).join("\n")).toContain("Cloudflare Access' token"),
  );
  expect(edge.logs.map(({ text }) => text).join("\n")).not.toContain(one.slice(-40));
});
