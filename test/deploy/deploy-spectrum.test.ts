import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { apply } from "../../tools/deploy-spectrum/apply.ts";
import { readSpectrumOptions } from "../../tools/deploy-spectrum/options.ts";
import { spectrumApplication } from "../../tools/deploy-spectrum/request.ts";
import { PROJECT } from "../support/bundle.ts";

const ZONE = "023e105f4ecef8ad9ca31a8372d0c353";
const WORKER = "7a6be2f43c0a4f0c8f3d4b1e9d2a5c61";
const ARGS = ["--zone", ZONE, "--worker", WORKER, "--name", "bits.example.com"];
const BODY = {
  dns: { type: "CNAME", name: "bits.example.com" },
  protocol: "tcp/80",
  traffic_type: "worker",
  origin_worker_id: WORKER,
  tls: "off",
  edge_ips: { type: "dynamic", connectivity: "all" },
};

function request(...more: string[]) {
  const options = readSpectrumOptions([...ARGS, ...more], {});
  if (options === "help") throw new Error("no help was asked for");
  return spectrumApplication(options);
}

test("the request is TCP to a Worker, with nothing that a Worker as origin must not have", () => {
  expect(request()).toEqual({ zone_id: ZONE, ...BODY });
  expect(request("--port", "443", "--tls", "flexible")).toMatchObject({
    protocol: "tcp/443",
    tls: "flexible",
  });
});

test.each([
  [["--tls", "full"], "--tls must be off or flexible"],
  [["--port", "0"], "--port must be a port"],
  [["--zone", "example.com"], "--zone must be an id of 32 hex digits"],
  [["--name", "localhost"], "--name must be a host name"],
  [["--apply"], "--apply needs CLOUDFLARE_API_TOKEN"],
  [["--force"], "Unknown option '--force'"],
])("%j is answered with a sentence", (args, sentence) => {
  expect(() => readSpectrumOptions([...ARGS, ...args], {})).toThrow(sentence);
});

test("without --apply it prints the request, and sends nothing even where a token is set", async () => {
  const script = join(PROJECT, "tools", "deploy-spectrum.ts");
  const env = { ...process.env, CLOUDFLARE_API_TOKEN: "a token", CLOUDFLARE_BASE_URL: "http://127.0.0.1:1" };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, ...ARGS], { env });
  const [line = "", ...json] = stdout.split("\n");
  expect(line).toBe(`POST https://api.cloudflare.com/client/v4/zones/${ZONE}/spectrum/apps`);
  expect(JSON.parse(json.join("\n"))).toEqual(BODY);
  expect(stderr).toContain("Nothing was sent.");
});

describe("--apply, by the official SDK, against an API of our own", () => {
  let api: Server;
  let existing: object[];
  const seen: {
    method: string | undefined;
    url: string | undefined;
    token: string | undefined;
    body: unknown;
  }[] = [];
  beforeEach(async () => {
    existing = [];
    seen.length = 0;
    api = createServer((incoming, response) => {
      void answer(incoming, response);
    }).listen(0, "127.0.0.1");
    await once(api, "listening");
  });
  afterEach(() => {
    api.close();
    api.closeAllConnections();
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const { method, url, headers } = incoming;
    seen.push({ method, url, token: headers.authorization, body: body === "" ? null : JSON.parse(body) });
    const result = method === "GET" ? (url?.includes("page=2") === true ? [] : existing) : { id: "new" };
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ success: true, errors: [], messages: [], result }));
  }

  async function applyHere() {
    const address = api.address();
    if (address === null || typeof address === "string") throw new Error("the API does not listen");
    return await apply(request(), { apiToken: "secret", baseURL: `http://127.0.0.1:${address.port}` });
  }

  test("creates the application where there is none", async () => {
    existing = [{ id: "other", dns: { name: "ssh.example.com" }, protocol: "tcp/22" }];
    expect(await applyHere()).toEqual({ id: "new", done: "created" });
    expect(seen.at(-1)).toEqual({
      method: "POST",
      url: `/zones/${ZONE}/spectrum/apps`,
      token: "Bearer secret",
      body: BODY,
    });
  });

  test("updates the one that has the name and the port", async () => {
    existing = [{ id: "mine", dns: { name: "bits.example.com" }, protocol: "tcp/80" }];
    expect(await applyHere()).toEqual({ id: "mine", done: "updated" });
    expect(seen.at(-1)).toMatchObject({
      method: "PUT",
      url: `/zones/${ZONE}/spectrum/apps/mine`,
      body: BODY,
    });
  });
});
