import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, it } from "vitest";
import { useBench } from "../conformance/support.ts";
import { UPLOAD_PROTOCOL } from "../support/bits-client.ts";
import { programPath } from "./installed.ts";
import { requirePrograms } from "./origins/real-origin.ts";

/** Clients that are not Windows, and leave out `Content-Length: 0`, at both doors (ruling 7, Content-Length). */
const bench = useBench();
const DOORS = [
  ["tcp", "BITS_POST"],
  ["http", "POST"],
] as const;
const CONTENT = "of another client";
const run = promisify(execFile);

beforeAll(async () => {
  await requirePrograms({ curl: ["--version"], python3: ["--version"] }, "curl python3");
});

const portOf = (door: "tcp" | "http"): number =>
  door === "tcp" ? bench().edge.tcpPort : bench().edge.httpPort;

it.each(DOORS)("Python's http.client uploads a file over the %s door, by %s", async (door, verb) => {
  const target = bench().target();
  const script = join(import.meta.dirname, "clients", "http_client_upload.py");
  await run(programPath("python3"), [script, String(portOf(door)), target, verb, CONTENT]);
  await bench().expectPublished(target, Buffer.from(CONTENT));
});

it.each(DOORS)("curl uploads a file over the %s door, by %s", async (door, verb) => {
  const target = bench().target();
  const url = `http://127.0.0.1:${portOf(door)}${target}`;
  /** @returns what curl sent, and the answer's head */
  const send = async (packet: string, ...more: string[]): Promise<{ sent: string; answer: string }> => {
    const fields = ["-H", `BITS-Packet-Type: ${packet}`, "-H", "X-HTTP-Method-Override: BITS_POST"];
    const args = ["-sS", "-v", "-D", "-", "-o", "/dev/null", "-X", verb, ...fields, ...more, url];
    const { stdout, stderr } = await run(programPath("curl"), args);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 /);
    return { sent: stderr, answer: stdout };
  };
  const { sent, answer } = await send("Create-Session", "-H", `BITS-Supported-Protocols: ${UPLOAD_PROTOCOL}`);
  expect(sent).not.toMatch(/^> Content-Length/im);
  const session = ["-H", `BITS-Session-Id: ${/^BITS-Session-Id: (.*)\r$/im.exec(answer)?.[1] ?? ""}`];
  await send("Ping");
  const range = `Content-Range: bytes 0-${CONTENT.length - 1}/${CONTENT.length}`;
  await send("Fragment", ...session, "-H", range, "--data-binary", CONTENT);
  await send("Close-Session", ...session);
  await bench().expectPublished(target, Buffer.from(CONTENT));
});
