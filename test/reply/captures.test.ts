import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { contentOf } from "../conformance/support.ts";
import { ISSUED_ID } from "../conformance/expect-ack.ts";
import { type HttpResponse, parseResponseHead, type ResponseHead } from "../support/http-response.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { fetchUrl, useStage } from "./support.ts";

const FIXTURES = join(import.meta.dirname, "..", "fixtures", "upload-reply");
const TARGET = "/upload-ref-isapi-WebFarm/2100mb-rfc2119.txt";
const CAPTURED_ID = "{C85B4E0A-9EB9-4114-BFA4-8A43B4710091}";
/** The capture's reply is of 10,240 bytes, of which it shows the first 9,977 being asked for. */
const REPLY = contentOf(10_240, "the reply of [MC-BUP] 4.2");

/**
 * What our Acks say otherwise than IIS 6.0's. Names are compared without case (RFC 9110 section 5.1).
 * - Server: IIS announced its product and version; we announce none.
 * - Date, BITS-Session-Id: always other. The id is on the Acks of Fragment and Close-Session too (ruling 3).
 * - BITS-Reply-URL: IIS named a path relative to the destination's folder, with backslashes; ours is absolute
 *   and signed, because the host of the later packets need not be the first one's (section 9-30).
 */
const MASKED = new Set(["date", "bits-session-id", "bits-reply-url"]);

const stage = useStage((application) => ({
  vars: {
    UPLOAD_DIRECTORIES: [
      {
        path: "/upload-ref-isapi-WebFarm/",
        notification: "by-reference",
        notification_url: application.url,
        reply: true,
        host_id: "FRANKCAO8",
        host_id_fallback_timeout_seconds: 110,
      },
    ],
    PUBLIC_URL: "http://frankcao8",
  },
}));

it("the captured upload-reply plays through with IIS's answers ([MC-BUP] 4.2)", async () => {
  const { bench, application } = stage();
  const notified = parseRequest(await read("07-notification-request-to-the-server-application"));
  application.answer(TARGET, async ({ headers }) => {
    // frankcao8 is the edge; the application reaches it by its address.
    const [entityUrl, replyUrl] = [headers[REQUEST_FILE] ?? "", headers[RESPONSE_FILE] ?? ""];
    const entity = await fetchUrl(entityUrl, {}, { bench, door: "tcp" });
    expect(entity.body.equals(await read("06-fragment-request-from-the-client-body"))).toBe(true);
    const put = await fetchUrl(replyUrl, { method: "PUT", body: REPLY }, { bench, door: "tcp" });
    expect(put.status).toBe(201);
    // The capture's answer ended with the connection, and had neither a length nor chunks.
    const { status } = parseResponseHead(await read("08-notification-response-from-the-server-application"));
    return { status, headers: { "Content-Type": "text/html" }, framing: "close" };
  });

  using connection = await bench.open();
  const created = await exchange(connection, ["01-create-session-request-from-the-client"], "");
  const sessionId = created.header("BITS-Session-Id") ?? "";
  expect(sessionId).toMatch(ISSUED_ID);
  await expectLike(created, "02-ack-response-from-the-server");

  const pinged = await exchange(connection, ["03-ping-request-from-the-client"], sessionId);
  await expectLike(pinged, "04-ack-response-from-the-server");

  const fragment = ["05-fragment-request-from-the-client-head", "06-fragment-request-from-the-client-body"];
  const acked = await exchange(connection, fragment, sessionId);
  await expectLike(acked, "09-ack-response-from-the-server", "bits-session-id");

  // What the application was told: IIS's own headers, the files as URLs on the edge (ruling 24).
  const [told, ...others] = application.of(TARGET);
  expect(others).toEqual([]);
  expect(told?.method).toBe(notified.method);
  // The runtime sends no Accept, which asks for anything anyhow, and no Connection, which is HTTP/1.1's default.
  for (const name of Object.keys(notified.headers).filter((sent) => !/^(accept|connection)$/.test(sent)))
    expect(told?.headers, name).toHaveProperty(name);
  expect(told?.headers["bits-original-request-url"]).toBe(notified.headers["bits-original-request-url"]);
  expect(told?.headers["content-length"]).toBe("0");
  const id = sessionId.slice(1, -1);
  expect(told?.headers[REQUEST_FILE]).toContain(`/BITS-Sessions/Requests/${id}/`);
  expect(told?.headers[RESPONSE_FILE]).toContain(`/BITS-Sessions/Replies/${id}/`);
  for (const name of [REQUEST_FILE, RESPONSE_FILE]) {
    const file = /[a-z]+\.bin$/.exec(notified.headers[name] ?? "")?.[0] ?? "-";
    expect(told?.headers[name]?.endsWith(`/${file}`), name).toBe(true);
  }

  // The client asks for the reply at the host that it first knew.
  const url = acked.header("BITS-Reply-URL") ?? "";
  expect(new URL(url).host).toBe("frankcao8");
  const get = (await read("10-higher-layer-protocol-requesting-the-response-data")).toString("latin1");
  await connection.send(get.replace(/^GET \S+/, `GET ${new URL(url).pathname}`));
  const reply = await connection.readResponse();
  const theirs = parseResponseHead(
    await headOf("11-higher-layer-protocol-receiving-the-response-data-partially"),
  );
  expect([reply.status, reply.reason]).toEqual([theirs.status, theirs.reason]);
  for (const name of ["Content-Length", "Content-Type", "Content-Range", "Accept-Ranges"])
    expect([name, reply.header(name)]).toEqual([name, valueOf(theirs, name)]);
  // Always other; and Content-Location, which a client has no use for (RFC 9110 8.7), is left out.
  for (const name of ["ETag", "Last-Modified"]) expect(reply.header(name), name).toBeDefined();
  expect(reply.body.equals(REPLY.subarray(0, 9_977))).toBe(true);

  const closed = await exchange(connection, ["12-close-session-request-from-the-client"], sessionId);
  await expectLike(closed, "13-ack-response-from-the-server", "bits-session-id");
  expect(connection.surplusBytes).toBe(0);
});

const REQUEST_FILE = "bits-request-datafile-name";
const RESPONSE_FILE = "bits-response-datafile-name";

async function read(name: string): Promise<Buffer> {
  return await readFile(join(FIXTURES, `${name}.bin`));
}

async function headOf(name: string): Promise<Buffer> {
  const bytes = await read(name);
  return bytes.subarray(0, bytes.indexOf("\r\n\r\n") + 4);
}

/** Sends a captured request, byte for byte but for the session's id, which is as long as the captured one. */
async function exchange(
  connection: RawConnection,
  names: readonly string[],
  sessionId: string,
): Promise<HttpResponse> {
  for (const name of names) {
    const bytes = await read(name);
    const own = Buffer.from(bytes.toString("latin1").replace(CAPTURED_ID, sessionId), "latin1");
    if (sessionId !== "") expect(own.length, "nothing but the id was changed").toBe(bytes.length);
    await connection.send(own);
  }
  return await connection.readResponse();
}

async function expectLike(ours: HttpResponse, ack: string, ...added: readonly string[]): Promise<void> {
  const theirs = parseResponseHead(await read(ack));
  expect([ours.version, ours.status, ours.reason]).toEqual([theirs.version, theirs.status, theirs.reason]);
  const kept = fieldsOf(theirs).filter((line) => !line.startsWith("server:"));
  expect(fieldsOf(ours), ack).toEqual([...kept, ...added.map((name) => `${name}: *`)].toSorted());
  expect(ours.body.length).toBe(0);
}

function fieldsOf({ headers }: Pick<ResponseHead, "headers">): string[] {
  const lines = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  return lines.map(([name, value]) => `${name}: ${MASKED.has(name) ? "*" : value}`).toSorted();
}

function valueOf({ headers }: ResponseHead, name: string): string | undefined {
  return headers.find(([have]) => have.toLowerCase() === name.toLowerCase())?.[1];
}

function parseRequest(bytes: Buffer): { method: string; headers: Record<string, string> } {
  const [line = "", ...lines] = bytes.toString("latin1").trim().split("\r\n");
  const headers = lines.map((text) => {
    const at = text.indexOf(":");
    return [text.slice(0, at).toLowerCase(), text.slice(at + 1).trim()] as const;
  });
  return { method: line.split(" ")[0] ?? "", headers: Object.fromEntries(headers) };
}
