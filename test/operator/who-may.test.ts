import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { useRig } from "../support/rig.ts";
import { ask, READ_TOKEN, type Said, TOKEN } from "./seat-client.ts";

const TOKENS = { OPERATOR_TOKEN: TOKEN, OPERATOR_READ_TOKEN: READ_TOKEN };
const ID = "A0FF5911-4144-45B3-BF27-27AFC8EC8A67";

interface Seated {
  readonly edge: Edge;
  readonly origin: LegacyOrigin;
  readonly stop: () => Promise<void>;
}

/** An edge that believes its gateway, which is this test, who its clients are. */
async function start(secrets: Record<string, string> = TOKENS): Promise<Seated> {
  const origin = await startLegacyOrigin();
  const edge = await startEdge({
    vars: {
      ORIGIN_URL: origin.url,
      UPLOAD_DIRECTORIES: [{ path: "/uploads/" }],
      SESSION_OBJECTS: "1",
      TRUSTED_PROXIES: ["127.0.0.1/32"],
    },
    secrets: { SESSION_KEY: "k".repeat(32), ...secrets },
  });
  return {
    edge,
    origin,
    stop: async () => void (await Promise.all([edge.stop(), origin[Symbol.asyncDispose]()])),
  };
}

let clients = 0;
/** A client that nobody has heard of. */
const somebody = (): Record<string, string> => {
  clients += 1;
  return { "X-Forwarded-For": `192.0.2.${clients}` };
};

const cookieOf = ({ headers }: Said): string => headers.getSetCookie()[0]?.split(";")[0] ?? "";
const by = (cookie: string, headers: Record<string, string> = {}) => ({
  token: null,
  headers: { Cookie: cookie, ...somebody(), ...headers },
});

const another = (digit: string): string => String((Number(digit) + 1) % 10);

describe("An edge with tokens", () => {
  const rig = useRig(start);
  const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

  async function logIn(token: string, headers: Record<string, string> = {}, next = ""): Promise<Said> {
    return await ask(rig().edge, "login", {
      method: "POST",
      token: null,
      headers: { ...FORM, Origin: rig().edge.httpUrl, ...somebody(), ...headers },
      body: new URLSearchParams({ token, next }),
    });
  }

  test("shows its sessions to who has one, and nothing of it may be kept, framed, or run", async () => {
    for (const token of [TOKEN, READ_TOKEN]) {
      const said = await ask(rig().edge, "sessions", { token });
      expect(said).toMatchObject({ status: 200, json: { sessions: [], next: null } });
      expect(Object.fromEntries(said.headers)).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "content-security-policy": expect.stringMatching(/default-src 'none';.*frame-ancestors 'none'/),
      });
      expect(said.headers.get("content-security-policy")).not.toContain("unsafe");
    }
  });

  test.each([null, "", "wrong", `${TOKEN}0`, TOKEN.slice(1), TOKEN.toUpperCase()])(
    "shows nothing to who says %j",
    async (token) => {
      for (const path of ["", "sessions", "overview", "openapi.json", `sessions/${ID}`, "nowhere"]) {
        const said = await ask(rig().edge, path, { token, headers: somebody() });
        expect(said).toMatchObject({ status: 401, json: { error: expect.any(String) } });
        expect(said.headers.get("www-authenticate")).toMatch(/^Bearer/);
      }
    },
  );

  test("does not take a cookie beside a wrong token", async () => {
    const cookie = cookieOf(await logIn(TOKEN));
    const said = await ask(rig().edge, "sessions", {
      token: "wrong",
      headers: { Cookie: cookie, ...somebody() },
    });
    expect(said.status).toBe(401);
  });

  test.each(["commit", "cancel", "prolong", "release", "rescue"])("lets a reader not %s", async (deed) => {
    const body = JSON.stringify({ application: "has-it" });
    const path = `sessions/${ID}/${deed}`;
    expect(await ask(rig().edge, path, { method: "POST", token: READ_TOKEN, body })).toMatchObject({
      status: 403,
      json: { error: expect.stringContaining("looking only") },
    });
    expect(await ask(rig().edge, path, { method: "POST", body })).toMatchObject({ status: 404 });
  });

  test("gives a person a form, and for a token a cookie that no script and no other site can use", async () => {
    const form = await ask(rig().edge, "sessions?state=held", {
      token: null,
      headers: { Accept: "text/html,*/*" },
    });
    expect(form).toMatchObject({
      status: 401,
      text: expect.stringMatching(/<form method="post" action="\/_bits\/login">/),
    });
    expect(form.text).toContain('value="/_bits/sessions?state=held"');
    expect(form.text).not.toMatch(/<script|style=/);
    const said = await logIn(TOKEN, {}, "/_bits/sessions?state=held");
    expect(said.status).toBe(303);
    expect(said.headers.get("location")).toBe("/_bits/sessions?state=held");
    expect(said.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^bits-operator=[^;]+; Max-Age=43200; Path=\/_bits\/; HttpOnly; SameSite=Strict$/,
      ),
    ]);
    expect(said.headers.getSetCookie()[0]).not.toContain(TOKEN);
    expect(await ask(rig().edge, "sessions", by(cookieOf(said)))).toMatchObject({ status: 200 });
  });

  test("says Secure of the cookie where the client came by https", async () => {
    const secure = { "X-Forwarded-Proto": "https" };
    const host = new URL(rig().edge.httpUrl).host;
    const said = await logIn(TOKEN, { ...secure, Origin: `https://${host}` });
    expect(said.headers.getSetCookie()[0]).toContain("; Secure");
  });

  test.each(["https://elsewhere.example/", "//elsewhere.example/", "/_bits/..\\elsewhere", "/uploads/"])(
    "sends nobody to %s after the login",
    async (next) => {
      expect((await logIn(TOKEN, {}, next)).headers.get("location")).toBe("/_bits/");
    },
  );

  test("ends a login with a cookie that is over", async () => {
    const cookie = cookieOf(await logIn(TOKEN));
    const said = await ask(rig().edge, "logout", {
      method: "POST",
      ...by(cookie, { Origin: rig().edge.httpUrl }),
    });
    expect(said.headers.getSetCookie()[0]).toMatch(/^bits-operator=; Max-Age=0/);
  });

  test("takes no cookie but its own", async () => {
    const own = cookieOf(await logIn(READ_TOKEN));
    const later = String(Date.now() + 1e9);
    const signedWith = (secret: string): string =>
      encodeURIComponent(`${later}.${createHmac("sha256", secret).update(later).digest("base64")}`);
    const forged = [
      `bits-operator=${later}`,
      `bits-operator=${signedWith("k".repeat(32))}`,
      `bits-operator=${signedWith(TOKEN)}`,
      own.replace(/(?<==)\d/, another),
      own.replace(/\d(?=\.)/, another),
    ];
    for (const cookie of forged)
      expect(await ask(rig().edge, "sessions", by(cookie)), cookie).toMatchObject({ status: 401 });
    const past = String(Date.now() - 1);
    const over = createHmac("sha256", `cookie of an operator: ${TOKEN}`).update(past).digest("base64");
    const cookie = `bits-operator=${encodeURIComponent(`${past}.${over}`)}`;
    expect(await ask(rig().edge, "sessions", by(cookie))).toMatchObject({ status: 401 });
  });

  test.each([
    ["no Origin", {}],
    ["another site", { Origin: "https://elsewhere.example" }],
    ["a site of the same name at another port", { Origin: "http://127.0.0.1:1" }],
    ["a frame without an origin", { Origin: "null" }],
    ["another site, by what the browser says of it", { "Sec-Fetch-Site": "cross-site" }],
  ])("does nothing by cookie for %s, whatever the body is", async (_, headers) => {
    const cookie = cookieOf(await logIn(TOKEN));
    const own = "Sec-Fetch-Site" in headers ? { Origin: rig().edge.httpUrl } : {};
    for (const type of ["application/json", "text/plain", FORM["Content-Type"]]) {
      const said = await ask(rig().edge, `sessions/${ID}/cancel`, {
        method: "POST",
        ...by(cookie, { ...own, ...headers, "Content-Type": type }),
      });
      expect(said).toMatchObject({ status: 403, json: { error: expect.stringContaining("own page") } });
    }
    expect((await logIn(TOKEN, { ...own, Origin: "https://elsewhere.example" })).status).toBe(403);
  });

  test("acts by cookie for its own page", async () => {
    const cookie = cookieOf(await logIn(TOKEN));
    const said = await ask(rig().edge, `sessions/${ID}/cancel`, {
      method: "POST",
      ...by(cookie, { Origin: rig().edge.httpUrl, "Sec-Fetch-Site": "same-origin" }),
    });
    expect(said.status).toBe(404); // no such session
  });

  test("has a client wait that says wrong tokens again and again, and lets others in meanwhile", async () => {
    const headers = somebody();
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1)
      statuses.push((await ask(rig().edge, "sessions", { token: `wrong-${attempt}`, headers })).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(statuses.slice(10)).toEqual([429, 429]);
    const late = await ask(rig().edge, "sessions", { headers });
    expect(late.status).toBe(429);
    expect(late.headers.get("retry-after")).toBe("60");
    expect(await logIn(TOKEN, headers)).toMatchObject({ status: 429 });
    expect(await ask(rig().edge, "sessions", { headers: somebody() })).toMatchObject({ status: 200 });
  });

  test("is not there at the TCP door, nor in another spelling, and the origin never hears of its path", async () => {
    const { edge, origin } = rig();
    using connection = await RawConnection.open("127.0.0.1", edge.tcpPort);
    await connection.send(
      `GET /_bits/sessions HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    );
    expect(await connection.readResponse()).toMatchObject({ status: 404 });
    for (const path of ["/_BITS/sessions", "/%5Fbits/sessions", "/_bits//sessions", "/x/../_bits/sessions"]) {
      using raw = await RawConnection.open("127.0.0.1", edge.httpPort);
      await raw.send(`GET ${path} HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
      expect(await raw.readResponse(), path).toMatchObject({ status: 404 });
    }
    expect(origin.requests).toEqual([]);
  });

  test("logs who came, who was refused and why, and never a token", async () => {
    await logIn("a-wrong-token-that-nobody-may-read-in-a-log");
    await logIn(TOKEN);
    await ask(rig().edge, "sessions", { token: "another-wrong-token-not-for-the-log", headers: somebody() });
    const logged = (): string =>
      rig()
        .edge.logs.map((line) => line.text)
        .join("\n");
    await eventually(() => expect(logged()).toContain('"why":"wrong token"'));
    const text = logged();
    expect(text).toMatch(/"event":"operator-login","by":"token","client":"192\.0\.2\.\d+"/);
    expect(text).toMatch(
      /"event":"operator-refused","by":null,"client":"192\.0\.2\.\d+","why":"wrong token"/,
    );
    expect(text).toMatch(/"why":"wrong token at the login form"/);
    for (const secret of [TOKEN, READ_TOKEN, "nobody-may-read", "not-for-the-log"])
      expect(text).not.toContain(secret);
  });
});

test("An edge without tokens has no seat, and keeps its path to itself", async () => {
  const { edge, origin, stop } = await start({});
  try {
    for (const path of ["", "sessions", "login", "style.css"]) {
      expect(await ask(edge, path, { token: null, headers: { Accept: "text/html" } })).toMatchObject({
        status: 404,
        text: "",
      });
    }
    expect(origin.requests).toEqual([]);
  } finally {
    await stop();
  }
});
