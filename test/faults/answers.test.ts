import { describe, expect, it } from "vitest";
import { ANSWERS, type Reading } from "./answers.ts";
import { type Bench, useBench } from "./bench.ts";

/** With the origin's usual time: nothing here is to wait for its end. */
const UPLOAD_DIRECTORIES = [{ path: "/files/" }];
const benches = {
  socket: useBench({ vars: { UPLOAD_DIRECTORIES, ORIGIN_CONNECTION: "socket" } }),
  fetch: useBench({ vars: { UPLOAD_DIRECTORIES, ORIGIN_CONNECTION: "fetch" } }),
};

/** Status, HRESULT and context of a Close-Session's Ack. */
type Told = readonly [status: number, hresult: number | undefined, context: number | undefined];

const UPLOAD_BYTES = 3_000;
/** The application's own: its answer, and its silence. */
const APPLICATION = 0x7;

/** An application's answer is the same to the client, whichever connection brings it: rulings 13, 14 and 16. */
describe.each(Object.entries(ANSWERS))("By a socket as by fetch, %s:", (_group, rows) => {
  it.for(rows)("$name", async ({ bytes, reading, byFetch }) => {
    const [bySocket, byItsOwn] = await Promise.all([
      closeBefore(benches.socket(), bytes),
      closeBefore(benches.fetch(), bytes),
    ]);
    expect(bySocket).toEqual(tellingOf(reading));
    expect(byItsOwn, byFetch?.because).toEqual(byFetch === undefined ? bySocket : tellingOf(byFetch.reading));
  });
});

it("where a row says that they differ, they do", () => {
  for (const { name, reading, byFetch } of Object.values(ANSWERS).flat()) {
    if (byFetch !== undefined) expect(tellingOf(byFetch.reading), name).not.toEqual(tellingOf(reading));
  }
});

/** Uploads a file to an application that takes all of it, says `bytes`, and ends the connection. */
async function closeBefore(bench: Bench, bytes: string): Promise<Told> {
  const upload = await bench.beginWhole(UPLOAD_BYTES);
  bench.origin.fault = async ({ socket, body }) => {
    for await (const chunk of body()) void chunk;
    socket.end(bytes, "latin1");
  };
  try {
    const { status, errorCode, errorContext } = await upload.close();
    return [status, errorCode, errorContext];
  } finally {
    await bench.origin.recover();
  }
}

function tellingOf(reading: Reading): Told {
  if (typeof reading === "string") return [502, 0x80072efe, APPLICATION];
  const { status, field: [name, value = ""] = [] } = reading;
  if (status >= 200 && status < 300) return [200, undefined, undefined];
  const isCode = name === "BITS-Error-Code" && /^0x[0-9A-F]{8}$/.test(value);
  const isError = status >= 400 && status < 600;
  return [isError ? status : 502, isCode ? Number(value) : 0x80190000 + status, APPLICATION];
}
