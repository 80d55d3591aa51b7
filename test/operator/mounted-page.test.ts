import { expect, test } from "vitest";
import { useRig } from "../support/rig.ts";
import { ask, type Said, TOKEN } from "./seat-client.ts";
import { SeatedRig } from "./seated-rig.ts";

const rig = useRig(async () => SeatedRig.start(1));
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

async function logIn(): Promise<Record<string, string>> {
  const { headers } = await ask(rig().edge, "login", {
    method: "POST",
    token: null,
    headers: { ...FORM, Origin: rig().edge.httpUrl },
    body: new URLSearchParams({ token: TOKEN }),
  });
  return { Cookie: headers.getSetCookie()[0]?.split(";")[0] ?? "" };
}

const look = async (path: string, headers: Record<string, string>): Promise<Said> =>
  await ask(rig().edge, path, { token: null, headers: { Accept: "text/html", ...headers } });

test("who is logged in sees the page, its sessions, and acts by its forms; the rest of the path is the JSON's", async () => {
  using upload = await rig().beginWhole(1_000);
  const cookie = await logIn();
  const page = await look("", cookie);
  expect(page).toMatchObject({ status: 200, text: expect.stringContaining(upload.sessionName) });
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  const own = await look(`session/${upload.sessionName}`, cookie);
  expect(own).toMatchObject({ status: 200 });
  const done = await ask(rig().edge, `session/${upload.sessionName}/cancel`, {
    method: "POST",
    token: null,
    headers: { ...cookie, ...FORM, Origin: rig().edge.httpUrl },
    body: "",
  });
  expect(done.status).toBe(303);
  expect(await rig().session(upload.sessionName)).toMatchObject({ state: "cancelled" });
});

test("a form of another site does nothing, and nobody sees the page without a login", async () => {
  using upload = await rig().beginWhole(1_000);
  const cookie = await logIn();
  const path = `session/${upload.sessionName}/cancel`;
  const headers = { ...cookie, ...FORM, Origin: "https://elsewhere.example" };
  expect((await ask(rig().edge, path, { method: "POST", token: null, headers, body: "" })).status).toBe(403);
  for (const open of ["", "live", `session/${upload.sessionName}`, path]) {
    const said = await look(open, {});
    expect(said).toMatchObject({ status: 401, text: expect.stringContaining("Log in") });
    expect(said.text).not.toContain(upload.target);
  }
  expect(await rig().session(upload.sessionName)).toMatchObject({ state: "complete" });
});

test("the form to log in has the page's style, and only the page's files are for everybody", async () => {
  const form = await look("", {});
  const [, style = ""] = /<link rel="stylesheet" href="\/_bits\/([^"?]+)\?/.exec(form.text) ?? [];
  const sheet = await look(style, {});
  expect(sheet.status).toBe(200);
  expect(sheet.headers.get("content-type")).toMatch(/^text\/css/);
  for (const other of [`${style}/`, `x/${style}`, "sessions"])
    expect(await look(other, {})).toMatchObject({ status: 401 });
});
