import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Bench, type Upload } from "../faults/bench.ts";
import { FaultyOrigin } from "../faults/faulty-origin.ts";
import { startBrowser } from "../operator/page/browser.ts";
import { startEdge } from "../support/edge.ts";
import { useRig } from "../support/rig.ts";

/** The operator's page of a real edge, in a real browser, over uploads that really run. */
const TOKEN = "the-token-of-an-operator-0123456789";
const READ_TOKEN = "the-token-of-a-reader-0123456789abc";
const MEBIBYTE = 1 << 20;

const bench = useRig(async () => {
  const origin = await FaultyOrigin.start();
  const notified = { notification: "by-value", notification_url: "/receive.ashx" };
  const edge = await startEdge({
    vars: {
      ORIGIN_URL: origin.url,
      SESSION_OBJECTS: 1,
      UPLOAD_DIRECTORIES: [{ path: "/files/" }, { path: "/hold/", ...notified, unknown_outcome: "hold" }],
    },
    secrets: { SESSION_KEY: "k".repeat(32), OPERATOR_TOKEN: TOKEN, OPERATOR_READ_TOKEN: READ_TOKEN },
  });
  return new Bench(edge, origin);
});
let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => browser.close());

const base = (): string => `${bench().edge.httpUrl}/_bits/`;
const sessionUrl = ({ sessionName }: Upload): string => `${base()}session/${sessionName}`;

type Pass = Awaited<ReturnType<BrowserContext["storageState"]>>;
/** Cookies by token: an edge lets one address log in a few times a minute, and no more. */
const passes = new Map<string, Promise<Pass>>();

function passOf(token: string): Promise<Pass> {
  const pass = passes.get(token) ?? logInOnce(token);
  passes.set(token, pass);
  return pass;
}

async function logInOnce(token: string): Promise<Pass> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(base());
  await logIn(page, token);
  await page.locator(".who").waitFor();
  const pass = await context.storageState();
  await context.close();
  return pass;
}

async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** A browser of its own, on the page as whoever has this token. Whatever it complains of fails the test. */
async function visit(
  url: string,
  { token = TOKEN, ...options }: { token?: string | null; javaScriptEnabled?: boolean } = {},
): Promise<Page> {
  const pass = token === null ? {} : { storageState: await passOf(token) };
  const context = await browser.newContext({ ...options, ...pass });
  const page = await context.newPage();
  const complaints = listenTo(page);
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  await page.goto(url);
  return page;
}

/** A breach of the page's own policy, or an error of its script, is told on the console. */
function listenTo(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A refusal, which tests provoke, is told there too.
    const isRefusal = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isRefusal) complaints.push(message.text());
  });
  return complaints;
}

/** An upload of which nobody knows whether the application has it. */
async function held(): Promise<Upload> {
  const { origin } = bench();
  const upload = await bench().beginWhole(1_000, "/hold/");
  origin.fault = async ({ socket, deliver }) => {
    await deliver();
    socket.resetAndDestroy();
  };
  expect((await upload.close()).status).toBe(503);
  origin.fault = null;
  return upload;
}

describe("Who comes without a token", () => {
  test("sees a form, is refused with a wrong one, and is let in with the right one", async () => {
    const page = await visit(base(), { token: null });
    await logIn(page, "not-the-token-of-anybody-0123456789");
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("table").count()).toBe(0);
    await logIn(page, TOKEN);
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await page.getByText("acting as").count()).toBe(1);
  });
});

describe("The list", () => {
  test("shows an upload that runs, and its progress and rate grow by themselves", async () => {
    const upload = await bench().begin(10 * MEBIBYTE);
    await upload.send(0, MEBIBYTE);
    const page = await visit(base());
    await page.evaluate("window.isThisPage = true");
    const row = page.locator(`#s-${upload.sessionName}`);
    await row.getByText("10 % of 10.0 MiB").waitFor();
    for (let mebibytes = 2; mebibytes <= 4; mebibytes += 1) {
      await upload.send((mebibytes - 1) * MEBIBYTE, mebibytes * MEBIBYTE);
      await row.getByText(`${10 * mebibytes} % of 10.0 MiB`).waitFor();
    }
    await row.getByText(/iB\/s, .* left/).waitFor();
    await upload.send(4 * MEBIBYTE);
    await row.getByText("Whole").waitFor();
    expect((await upload.close()).status).toBe(200);
    await row.waitFor({ state: "detached" });
    expect(await page.evaluate("window.isThisPage")).toBe(true);
  });

  test("holds still while somebody points at it, and is paused by a button", async () => {
    const first = await bench().begin(2_000, { target: "/files/still-1.bin" });
    await first.send(0, 1_000);
    const page = await visit(`${base()}?path=/files/still`);
    await page.locator(`#s-${first.sessionName}`).hover();
    const second = await bench().begin(2_000, { target: "/files/still-2.bin" });
    await second.send(0, 1_000);
    await first.send(1_000, 1_500);
    await page.locator(`#s-${first.sessionName}`).getByText("75 %").waitFor();
    expect(await page.locator("tbody[data-rows] tr").count()).toBe(1);
    await page.mouse.move(0, 0);
    await page.locator(`#s-${second.sessionName}`).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused").waitFor();
    await page.reload();
    await page.getByText("Paused").waitFor();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.locator("[data-state=Live]").waitFor();
  });

  test("is narrowed by its filters, in an address that can be kept", async () => {
    const uploads = await Promise.all(
      ["/files/kept/a.bin", "/files/left/b.bin"].map(
        async (target) => await bench().begin(2_000, { target }),
      ),
    );
    for (const upload of uploads) await upload.send(0, 1_000);
    const page = await visit(base());
    await page.getByLabel("Path begins with").fill("/files/kept/");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL(/path=%2Ffiles%2Fkept%2F/);
    expect(await page.locator("tbody[data-rows] a").allTextContents()).toEqual(["a.bin"]);
    await page.getByLabel("Path begins with").fill("/files/nothing/");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByText("No upload fits these filters.").waitFor();
  });

  test("says in words what the application said last", async () => {
    const upload = await bench().beginWhole(1_000, { target: "/files/no-room.bin" });
    const refuse = "HTTP/1.1 507 Insufficient Storage\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n";
    bench().origin.fault = ({ socket }) => void socket.end(refuse);
    expect((await upload.close()).status).toBe(507);
    bench().origin.fault = null;
    const page = await visit(`${base()}?state=not-taken`);
    const row = page.locator(`#s-${upload.sessionName}`);
    await row.getByText("the application said 507: disk full").waitFor();
    await row.getByText("1 attempt, next by the client").waitFor();
    await row.getByRole("link").click();
    await page.getByText("The client sends Close-Session again after its retry delay").waitFor();
    await page.getByRole("rowheader", { name: /retry-after/i }).waitFor();
    await page.getByRole("link", { name: "Hand over now" }).click();
    await page.getByRole("button", { name: "Hand over now" }).click();
    await page.getByText("The application was asked.").waitFor();
    await page.locator(".standing", { hasText: "Done" }).waitFor();
    await bench().expectPublished(upload.destination, upload.bytes);
  });
});

describe.each([true, false])("With script: %s, an upload that is held", (javaScriptEnabled) => {
  test("is the first thing that the page says, and is released by one who knows that the application has it", async () => {
    const upload = await held();
    const page = await visit(base(), { javaScriptEnabled });
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toMatch(/held: nobody knows whether/);
    await page.getByRole("heading", { level: 1 }).getByRole("link").click();
    await page.locator(`#s-${upload.sessionName}`).getByRole("link").click();
    await page.getByRole("link", { name: "Release" }).click();
    await page.getByLabel(/^It has it/).check();
    await page.getByRole("button", { name: "Release" }).click();
    await page.getByText("The upload is released.").waitFor();
    await page.locator(".standing", { hasText: "Done" }).waitFor();
    await page.getByText("An operator released it: the application has it, by token").waitFor();
    expect((await upload.close()).status).toBe(200);
    expect(bench().commitsOf(upload.destination)).toHaveLength(1);
  });

  test("is sent again, under the same key, where the application has it not", async () => {
    const upload = await held();
    const page = await visit(`${sessionUrl(upload)}/release`, { javaScriptEnabled });
    await page.getByLabel(/^It does not have it/).check();
    await page.getByRole("button", { name: "Release" }).click();
    await page.locator(".standing", { hasText: "Done" }).waitFor();
    const commits = bench().commitsOf(upload.destination);
    expect(commits.map(({ repeated }) => repeated)).toEqual([false, true]);
    expect((await upload.close()).status).toBe(200);
  });

  test("is cancelled only after a question", async () => {
    const upload = await held();
    const page = await visit(sessionUrl(upload), { javaScriptEnabled });
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("link", { name: "Leave it as it is" }).click();
    await page.locator(".standing", { hasText: "Held" }).waitFor();
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Cancel the upload" }).click();
    await page.getByText("The upload is cancelled and its bytes are gone.").waitFor();
    expect((await upload.close()).status).toBe(500);
  });
});

describe("Who may not act", () => {
  test("a reader sees the upload, and no deed", async () => {
    const upload = await held();
    const page = await visit(sessionUrl(upload), { token: READ_TOKEN });
    await page.getByText("looking as read-only token").waitFor();
    expect(await page.getByRole("link", { name: "Release" }).count()).toBe(0);
    await page.goto(`${sessionUrl(upload)}/cancel`);
    await page.getByRole("heading", { name: "You may look, and not act" }).waitFor();
  });

  test("a page of somebody else's cannot act with the operator's cookie (CSRF)", async () => {
    const upload = await held();
    const page = await visit(base());
    const elsewhere = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end(
        `<form method="post" action="${sessionUrl(upload)}/cancel"><button>A prize</button></form>`,
      );
    }).listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    onTestFinished(() => void elsewhere.close());
    await page.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
    const answered = page.waitForResponse((response) => response.url().endsWith("/cancel"));
    await page.getByRole("button", { name: "A prize" }).click();
    expect((await answered).status()).toBe(403);
    await page.goto(sessionUrl(upload));
    await page.locator(".standing", { hasText: "Held" }).waitFor();
  });
});

test("The bytes of an upload can be fetched by a signed link, in full", async () => {
  const upload = await held();
  const page = await visit(sessionUrl(upload));
  await page.getByRole("button", { name: "Fetch the bytes" }).click();
  const url = (await page.locator(".link a").getAttribute("href")) ?? "";
  const fetched = Buffer.from(await (await fetch(url)).arrayBuffer());
  expect(fetched.equals(upload.bytes)).toBe(true);
});

test("When the edge is gone the page says so, and goes on when it is back", async () => {
  const page = await visit(base());
  await page.locator("[data-state=Live]").waitFor();
  await page.context().setOffline(true);
  await page.getByText(/^Not live: no answer since/).waitFor();
  await page.context().setOffline(false);
  await page.locator("[data-state=Live]").waitFor();
});
