import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Edge, startEdge } from "../support/edge.ts";
import { freePort } from "../support/free-port.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { type CommandEnd, runCommand } from "../tools/command-line.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { Gateway, type GatewaySetup, type StartProgram } from "./gateway.ts";
import { startHaproxy } from "./haproxy.ts";
import { startNginx } from "./nginx.ts";
import { replaceOnce } from "./replace-once.ts";

/** How long the origin of the slow folder takes; longer than the wrong gateway waits. */
const SLOW_MILLISECONDS = 6_000;

let edge: Edge;
let origin: LegacyOrigin;
let folder: string;
let certificate: Certificate;

beforeAll(async () => {
  origin = await startLegacyOrigin({
    behave: ({ method, url }) =>
      method === "PUT" && url.startsWith("/slow/")
        ? { kind: "delay", milliseconds: SLOW_MILLISECONDS }
        : undefined,
  });
  edge = await startEdge({
    vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }, { path: "/slow/" }] },
  });
  folder = await mkdtemp(join(tmpdir(), "bits-doctor-"));
  certificate = await makeCertificate(folder);
});

afterAll(async () => {
  await edge.stop();
  await origin.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a run of `bits-edge doctor` says. */
interface Diagnosis {
  readonly isWell: boolean;
  readonly findings: readonly { step: string; mark: string; says: string; means?: string; advice?: string }[];
}

async function doctor(...args: readonly string[]): Promise<Diagnosis & { code: number | null }> {
  const end: CommandEnd = await runCommand(["doctor", "--json", ...args]);
  const [said] = end.events;
  if (said === undefined) throw new Error(`doctor said nothing: ${end.stderr}`);
  return { ...(said as unknown as Diagnosis), code: end.code };
}

/** The steps that are not as they should be, with their marks. */
function complaints({ findings }: Diagnosis): Record<string, string> {
  return Object.fromEntries(
    findings
      .filter(({ mark }) => mark === "bad" || mark === "doubtful")
      .map(({ step, mark }) => [step, mark]),
  );
}

/** A fault of a gateway: how it is made, what doctor is asked, and what it says of it. */
interface Fault {
  readonly name: string;
  readonly edit: (shipped: string) => string;
  /** Default: the edge's HTTP door. */
  readonly to?: "nobody";
  readonly folder?: string;
  readonly options?: readonly string[];
  readonly complaint: Readonly<Record<string, string>>;
  readonly says: RegExp;
  readonly advice: RegExp;
}

const NGINX: readonly Fault[] = [
  {
    name: "it does not rewrite the verb",
    edit: (shipped) => replaceOnce(shipped, { "proxy_method $bits_edge_method;": "" }),
    complaint: { verbs: "bad" },
    says: /BITS_POST: 501 Not Implemented.*POST arrives/,
    advice: /proxy_method/,
  },
  {
    name: "it sends to a port where nobody is",
    edit: (shipped) => shipped,
    to: "nobody",
    complaint: { verbs: "bad" },
    says: /502 Bad Gateway from nginx/,
    advice: /proxy_pass/,
  },
  {
    name: "it has nginx's own limit of a body",
    edit: (shipped) => replaceOnce(shipped, { "client_max_body_size 0;": "" }),
    complaint: { fragments: "doubtful" },
    says: /pass up to (?:9\d\d\.\d KiB|1\.0 MiB); 1\.\d MiB: 413 .* from nginx/,
    advice: /client_max_body_size 0/,
  },
  {
    name: "it keeps each Fragment until it is whole",
    edit: (shipped) => replaceOnce(shipped, { "proxy_request_buffering off;": "" }),
    complaint: { streaming: "doubtful" },
    says: /something holds it back/,
    advice: /proxy_request_buffering off/,
  },
  {
    name: "it drops the session's header of requests",
    edit: (shipped) =>
      replaceOnce(shipped, {
        'proxy_set_header Connection "";':
          'proxy_set_header Connection ""; proxy_set_header BITS-Session-Id "";',
      }),
    complaint: { server: "bad" },
    says: /0x80070057/,
    advice: /BITS-\* headers of requests/,
  },
  {
    name: "it hides a header of the edge's answers",
    edit: (shipped) =>
      replaceOnce(shipped, {
        'proxy_set_header Connection "";':
          'proxy_set_header Connection ""; proxy_hide_header BITS-Received-Content-Range;',
      }),
    complaint: { fragments: "bad" },
    says: /without BITS-Received-Content-Range/,
    advice: /BITS-\* headers of answers/,
  },
  {
    name: "it is less patient than the origin is slow",
    edit: (shipped) => replaceOnce(shipped, { "proxy_read_timeout 290s;": "proxy_read_timeout 2s;" }),
    folder: "/slow/",
    options: ["--upload"],
    complaint: { upload: "bad" },
    says: /after \d+ s: 504 .* from nginx/,
    advice: /290 s/,
  },
  {
    name: "it forbids the verb",
    edit: (shipped) =>
      replaceOnce(shipped, {
        "if ($bits_edge_chunked) {":
          "if ($request_method = BITS_POST) { return 405; }\nif ($bits_edge_chunked) {",
      }),
    complaint: { verbs: "bad" },
    says: /BITS_POST: 405 Not Allowed|BITS_POST: 405 Method Not Allowed from nginx/,
    advice: /nginx forbids the verb/,
  },
];

const HAPROXY: readonly Fault[] = [
  {
    name: "it does not rewrite the verb",
    edit: (shipped) => replaceOnce(shipped, { "http-request set-method POST if { method BITS_POST }": "" }),
    complaint: { verbs: "bad" },
    says: /BITS_POST: 501 Not Implemented.*POST arrives/,
    advice: /set-method/,
  },
  {
    name: "it sends to a port where nobody is",
    edit: (shipped) => shipped,
    to: "nobody",
    complaint: { verbs: "bad" },
    says: /503 Service Unavailable from HAProxy/,
    advice: /proxy_pass, upstream, server/,
  },
  {
    name: "it refuses bodies over a mebibyte",
    edit: (shipped) =>
      replaceOnce(shipped, {
        "default_backend edge":
          "http-request deny deny_status 413 if { req.hdr(content-length),add(0) gt 1048576 }\n    default_backend edge",
      }),
    complaint: { fragments: "doubtful" },
    says: /pass up to (?:9\d\d\.\d KiB|1\.0 MiB)/,
    advice: /limit/,
  },
  {
    name: "it drops the session's header of requests",
    edit: (shipped) =>
      replaceOnce(shipped, {
        "default_backend edge": "http-request del-header BITS-Session-Id\n    default_backend edge",
      }),
    complaint: { server: "bad" },
    says: /0x80070057/,
    advice: /BITS-\* headers of requests/,
  },
  {
    name: "it drops the range's header of requests",
    edit: (shipped) =>
      replaceOnce(shipped, {
        "default_backend edge": "http-request del-header Content-Range\n    default_backend edge",
      }),
    complaint: { fragments: "bad" },
    says: /0x80070057/,
    advice: /Content-Range/,
  },
  {
    name: "it drops the session's header of answers",
    edit: (shipped) =>
      replaceOnce(shipped, {
        "default_backend edge": "http-response del-header BITS-Session-Id\n    default_backend edge",
      }),
    complaint: { session: "bad" },
    says: /without BITS-Session-Id/,
    advice: /BITS-\* headers of answers/,
  },
  {
    name: "it is less patient than the origin is slow",
    edit: (shipped) => replaceOnce(shipped, { "timeout server 290s": "timeout server 2s" }),
    folder: "/slow/",
    options: ["--upload"],
    complaint: { upload: "bad" },
    says: /after \d+ s: 504 Gateway Timeout from HAProxy/,
    advice: /290 s/,
  },
  {
    name: "it forbids the verb",
    edit: (shipped) =>
      replaceOnce(shipped, {
        "http-request del-header X-HTTP-Method-Override":
          "http-request deny if { method BITS_POST }\n    http-request del-header X-HTTP-Method-Override",
      }),
    complaint: { verbs: "bad" },
    says: /BITS_POST: 403 Forbidden from HAProxy/,
    advice: /HAProxy forbids the verb/,
  },
];

type Start = (setup: GatewaySetup, edit?: (shipped: string) => string) => ReturnType<StartProgram>;
const GATEWAYS: readonly (readonly [name: string, start: Start, faults: readonly Fault[]])[] = [
  ["nginx", startNginx, NGINX],
  ["HAProxy", startHaproxy, HAPROXY],
];

describe.each(GATEWAYS)("doctor at a %s", (_, start, faults) => {
  test("that is configured as shipped finds that all is well, and uploads to the end", async () => {
    await using gateway = await Gateway.start((setup) => start(setup), `127.0.0.1:${edge.httpPort}`);
    const diagnosis = await doctor("--upload", `http://127.0.0.1:${gateway.httpPort}/uploads/`);
    expect(complaints(diagnosis)).toEqual({});
    expect(diagnosis).toMatchObject({ code: 0, isWell: true });
    const steps = ["verbs", "server", "session", "fragments", "streaming", "cancel", "upload", "origin"];
    for (const step of steps)
      expect(diagnosis.findings).toContainEqual(expect.objectContaining({ step, mark: "good" }));
  });

  test("over TLS names a certificate that nobody trusts, and is content with one that it is told to trust", async () => {
    await using gateway = await Gateway.start((setup) => start(setup), `127.0.0.1:${edge.httpPort}`);
    const url = `https://127.0.0.1:${gateway.httpsPort}/uploads/`;
    const distrusted = await doctor(url);
    expect(distrusted).toMatchObject({ code: 1, isWell: false });
    expect(complaints(distrusted)).toEqual({ TLS: "bad" });
    expect(distrusted.findings.at(-2)?.says).toContain("self-signed");
    // The other's certificate is as self-signed, and not the gateway's.
    expect(complaints(await doctor("--ca", certificate.certificatePath, url))).toEqual({ TLS: "bad" });
    const trusted = join(folder, `${gateway.httpsPort}.pem`);
    await writeFile(trusted, gateway.pem);
    // Good for a day, as the tests' certificates are.
    expect(complaints(await doctor("--ca", trusted, url))).toEqual({ TLS: "doubtful" });
  });

  test.each(faults)("where $name", async (fault) => {
    const to = fault.to === "nobody" ? await freePort() : edge.httpPort;
    await using gateway = await Gateway.start((setup) => start(setup, fault.edit), `127.0.0.1:${to}`);
    const url = `http://127.0.0.1:${gateway.httpPort}${fault.folder ?? "/uploads/"}`;
    const diagnosis = await doctor(...(fault.options ?? []), url);
    expect(complaints(diagnosis), JSON.stringify(diagnosis.findings, null, 1)).toEqual(fault.complaint);
    const [step] = Object.keys(fault.complaint);
    const finding = diagnosis.findings.find((one) => one.step === step);
    expect(finding?.says).toMatch(fault.says);
    expect(finding?.advice).toMatch(fault.advice);
  });
});
