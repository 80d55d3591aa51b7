import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createPlainServer, connect, type Server } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { PROJECT } from "../support/bundle.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import { freePort } from "../support/free-port.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { examine } from "../../tools/doctor/examine.ts";
import type { Finding } from "../../tools/doctor/finding.ts";
import { runCommand } from "./command-line.ts";
import { eventually } from "../support/eventually.ts";

vi.setConfig({ testTimeout: 60_000 });

const CERTIFICATES = join(PROJECT, "test", "fixtures", "certificates");

let edge: Edge;
let origin: LegacyOrigin;
beforeAll(async () => {
  origin = await startLegacyOrigin();
  const vars: Readonly<Record<string, unknown>> = {
    ORIGIN_URL: origin.url,
    MAXIMUM_FRAGMENT_BYTES: 3_000_000,
    UPLOAD_DIRECTORIES: [
      { path: "/uploads/" },
      { path: "/tiny/", maximum_upload_bytes: 150_000 },
      { path: "/off/", enabled: false },
      { path: "/elsewhere/", allow_from: ["192.0.2.0/24"] },
    ],
  };
  edge = await startEdge({ vars });
}, 60_000);
afterAll(async () => {
  await edge.stop();
  await origin.close();
}, 60_000);

/** Runs the examination in this process. */
async function findingsOf(url: string, ca?: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const examination = {
    url: new URL(url),
    authorization: null,
    tls: ca === undefined ? {} : { ca },
    upload: false,
    closeSeconds: 30,
    healthPath: "/healthz",
    signal: AbortSignal.timeout(50_000),
  };
  for await (const finding of examine(examination)) findings.push(finding);
  return findings;
}

/** Steps with a cross or a mark. */
function complaints(findings: readonly Finding[]): [string, string][] {
  return findings.flatMap(({ step, mark }) => (mark === "bad" || mark === "doubtful" ? [[step, mark]] : []));
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

async function webServer(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer(listener))}/uploads/`;
}

/** The edge's TCP door behind TLS with this certificate of the fixtures. */
async function behindTls(certificate: string): Promise<string> {
  const [cert, key] = await Promise.all(
    [certificate, "key.pem"].map(async (name) => await readFile(join(CERTIFICATES, name))),
  );
  const server = createTlsServer({ cert, key }, (secure) => {
    const plain = connect({ host: "127.0.0.1", port: edge.tcpPort });
    for (const socket of [secure, plain]) socket.on("error", () => socket.destroy());
    secure.on("close", () => plain.destroy());
    secure.pipe(plain).pipe(secure);
  });
  return `https://localhost:${await listening(server)}/uploads/`;
}

describe("At the edge itself", () => {
  test("the command says that all is well, publishes nothing, and leaves no session behind", async () => {
    const before = origin.requests.length;
    const end = await runCommand(["doctor", `${edge.tcpUrl}/uploads/`]);
    expect(end, end.stdout).toMatchObject({ code: 0, stderr: "" });
    // Its Fragments are limited on purpose; nothing else is wrong.
    expect(end.stdout.match(/^[!✘] .*$/gm)).toEqual([expect.stringMatching(/^! fragments .*2\.\d MiB.*413/)]);
    expect(origin.requests.slice(before).filter(({ method }) => method !== "HEAD")).toEqual([]);
    await eventually(() =>
      expect(edge.logs.map(({ json }) => json)).toContainEqual(
        expect.objectContaining({ event: "cancelled" }),
      ),
    );
  });

  test.each([
    ["/off/", /501/, /enabled/],
    ["/nowhere/", /501/, /UPLOAD_DIRECTORIES/],
    ["/elsewhere/", /403/, /allow_from/],
  ])("%s takes no uploads from here, and the setting is named", async (directory, says, advice) => {
    const findings = await findingsOf(edge.tcpUrl + directory);
    const [complaint, ...others] = findings.filter(({ mark }) => mark === "bad");
    expect(others).toEqual([]);
    expect(complaint?.says).toMatch(says);
    expect(complaint?.advice).toMatch(advice);
  });

  test("a directory for small uploads is examined by a small one", async () => {
    const findings = await findingsOf(`${edge.tcpUrl}/tiny/`);
    expect(complaints(findings)).toEqual([]);
    expect(findings).toContainEqual({ step: "fragments", mark: "good", says: "pass up to 5.0 KiB" });
  });

  test("a file that is there already is named", async () => {
    const put = await fetch(`${origin.url}/uploads/there.bin`, { method: "PUT", body: "x" });
    expect(put.status).toBeLessThan(300);
    const findings = await findingsOf(`${edge.tcpUrl}/uploads/there.bin`);
    expect(findings.find(({ step }) => step === "session")).toMatchObject({
      mark: "bad",
      advice: expect.stringContaining("allow_overwrites") as unknown,
    });
  });

  test("an origin that is down is named, and uploads are not blamed", async () => {
    await origin.pause();
    try {
      const findings = await findingsOf(`${edge.httpUrl}/tiny/`);
      expect(findings).toContainEqual(expect.objectContaining({ step: "origin", mark: "bad" }));
    } finally {
      await origin.resume();
    }
  });
});

describe("Certificates", () => {
  test.each([
    ["expired.pem", /expired/],
    ["other-host.pem", /another name: it is for/],
    ["self-signed.pem", /self-signed/],
  ])("%s is named", async (certificate, says) => {
    const authority = await readFile(join(CERTIFICATES, "authority.pem"), "utf8");
    const findings = await findingsOf(await behindTls(certificate), authority);
    expect(complaints(findings)).toEqual([["TLS", "bad"]]);
    expect(findings.find(({ step }) => step === "TLS")?.says).toMatch(says);
  });

  test("a good one is good for those who trust its authority, and named for those who do not", async () => {
    const url = await behindTls("good.pem");
    const authority = await readFile(join(CERTIFICATES, "authority.pem"), "utf8");
    expect(complaints(await findingsOf(url, authority))).toEqual([["fragments", "doubtful"]]);
    expect(complaints(await findingsOf(url))).toEqual([["TLS", "bad"]]);
  });
});

describe("Where there is no edge", () => {
  test("a name that nobody knows", async () => {
    const findings = await findingsOf("http://no-such-name.invalid/uploads/");
    expect(complaints(findings)).toEqual([["name", "bad"]]);
  });

  test("a port where nothing listens", async () => {
    const findings = await findingsOf(`http://127.0.0.1:${await freePort()}/uploads/`);
    expect(findings.at(-1)).toMatchObject({
      step: "connection",
      mark: "bad",
      says: expect.stringContaining("nothing listens") as unknown,
    });
  });

  test("a port that speaks no TLS", async () => {
    const findings = await findingsOf(`https://127.0.0.1:${edge.tcpPort}/uploads/`);
    expect(complaints(findings)).toEqual([["TLS", "bad"]]);
  });

  test.each<[string, RequestListener, RegExp]>([
    [
      "a web server that has never heard of it",
      (_, response) => response.writeHead(404).end(),
      /edge is not in the way/,
    ],
    ["one that says 200 to everything", (_, response) => response.end("hello"), /no BITS server/],
    [
      "one that sends everybody to https",
      (_, response) => response.writeHead(301, { Location: "https://x/" }).end(),
      /no redirect/,
    ],
    ["one that wants credentials first", (_, response) => response.writeHead(401).end(), /credentials/],
    ["one that is out of order", (_, response) => response.writeHead(503).end(), /cannot reach the edge/],
  ])("%s", async (_, listener, means) => {
    const [complaint, ...others] = (await findingsOf(await webServer(listener))).filter(
      ({ mark }) => mark === "bad",
    );
    expect(others).toEqual([]);
    expect(complaint).toMatchObject({ step: "verbs" });
    expect(complaint?.means).toMatch(means);
  });

  test("something that speaks no HTTP", async () => {
    const port = await listening(
      createPlainServer((socket) => {
        socket.on("error", () => {});
        socket.end("220 mail.example.com ESMTP\r\n");
      }),
    );
    const findings = await findingsOf(`http://127.0.0.1:${port}/uploads/`);
    expect(findings.at(-1)).toMatchObject({
      step: "verbs",
      mark: "bad",
      means: expect.stringContaining("nobody speaks HTTP") as unknown,
    });
  });
});

test("What is no URL is a wrong command line: exit code 2", async () => {
  expect(await runCommand(["doctor", "uploads"])).toMatchObject({ code: 2, stdout: "" });
});
