import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { atProcessEnd } from "../support/process-end.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";
import { READY, runServe, SERVE, type ServedEdge, startServedEdge } from "./served-edge.ts";

const MEBIBYTE = 1 << 20;

describe("npm run serve", () => {
  let folder: string;
  let origin: LegacyOrigin;
  let edge: ServedEdge;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bits-served-"));
    origin = await startLegacyOrigin();
    env = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: '[{"path":"/incoming/"},{"path":"/uploads/"}]' };
    edge = await startServedEdge(["--http", "0", "--tcp", "0", "--state", join(folder, "state")], env);
  });
  afterAll(async () => {
    await edge.program.end("SIGKILL");
    await origin.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  /** The same addresses and the same folder. */
  async function startAgain(): Promise<void> {
    const { http, tcp } = edge.ports;
    const args = ["--http", String(http), "--tcp", String(tcp), "--state", join(folder, "state")];
    edge = await startServedEdge([...args, "--no-build"], env);
  }

  test("an upload survives a kill -9 of everything, and arrives whole", async () => {
    const source = patternSource(24 * MEBIBYTE + 5, "served");
    let killing: Promise<void> | undefined;
    const resumedAt: (number | undefined)[] = [];
    const report = await uploadFile(source, `http://127.0.0.1:${edge.ports.tcp}/incoming/served.bin`, {
      fragmentBytes: 4 * MEBIBYTE,
      resumeFragmentBytes: 64 << 10,
      tries: 300,
      onProgress: (bytes) => {
        if (bytes < 14 * MEBIBYTE || killing !== undefined) return;
        killing = edge.program.end("SIGKILL").then(startAgain);
      },
      onAck: (_, ack) => {
        if (killing !== undefined) resumedAt.push(ack.receivedContentRange);
      },
    });
    await killing;
    expect(report).toMatchObject({ sessions: 1, closeAck: { status: 200 } });
    // Ping first, then the Fragment that tells what was kept: all that had been acked, at least.
    expect(resumedAt.find((offset) => offset !== undefined)).toBeGreaterThanOrEqual(12 * MEBIBYTE);
    const published = await readFile(origin.files.pathOf("/incoming/served.bin") ?? "");
    expect(createHash("sha256").update(published).digest("hex")).toBe(await sha256Of(source));
    expect(origin.of("PUT")).toHaveLength(1);
  });

  test("the session key is made once, for this user's eyes only", async () => {
    const path = join(folder, "state", "session-key");
    const key = await readFile(path, "utf8");
    expect(key.trim()).toMatch(/^[\w-]{43}$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await edge.program.end("SIGTERM");
    await startAgain();
    expect(await readFile(path, "utf8")).toBe(key);
  });

  test("what is no packet goes to the origin, through both doors", async () => {
    await fetch(`${origin.url}/page.txt`, { method: "PUT", body: "hello" });
    for (const port of [edge.ports.http, edge.ports.tcp]) {
      expect(await (await fetch(`http://127.0.0.1:${port}/page.txt`)).text()).toBe("hello");
    }
  });

  test("the one curl of docs/ways-in.md is answered with an Ack by the TCP door", async () => {
    const docs = await readFile(join(PROJECT, "docs", "ways-in.md"), "utf8");
    const [, verb = "", target = "", rest = ""] =
      /^curl -si -X (\S+) https:\/\/bits\.example\.com(\S+) (.*)$/m.exec(docs) ?? [];
    const fields = [...rest.matchAll(/-H '([^']+)'/g)].map(([, field = ""]) => `${field}\r\n`);
    expect(fields).not.toEqual([]);
    using connection = await RawConnection.open("127.0.0.1", edge.ports.tcp, { timeoutMilliseconds: 60_000 });
    await connection.send(`${verb} ${target} HTTP/1.1\r\nHost: bits.example.com\r\n${fields.join("")}\r\n`);
    const response = await connection.readResponse();
    expect([response.status, response.header("BITS-Packet-Type")]).toEqual([200, "Ack"]);
  });

  test("a port that is taken is told in a sentence", async () => {
    const args = [
      "--no-build",
      "--http",
      "0",
      "--tcp",
      String(edge.ports.tcp),
      "--state",
      join(folder, "other"),
    ];
    const { program } = runServe(args, env);
    await expect(program.failure()).rejects.toThrow(
      /bits-edge: The port of the TCP door is taken by another program; choose another with --tcp\./,
    );
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "ends with code 0 on %s to its whole group, as Ctrl-C sends it",
    async (signal) => {
      const args = ["--no-build", "--http", "0", "--tcp", "0", "--state", join(folder, signal)];
      const child = spawn(process.execPath, [SERVE, ...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      });
      const callOff = atProcessEnd(() => child.kill("SIGKILL"));
      const exit = once(child, "exit");
      for await (const line of createInterface({ input: child.stdout })) {
        if (line.includes(READY) && child.pid !== undefined) process.kill(-child.pid, signal);
      }
      expect(await exit).toEqual([0, null]);
      callOff();
    },
  );
});
