import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { seatOf } from "../../src/operator/seat-of.ts";

test("where each session has an object and nothing lists them, the seat says so, and what to do", async () => {
  const objects = { getByName: () => expect.fail("no object is asked") };
  const config = readConfig({ ORIGIN_URL: "http://127.0.0.1:9" });
  const seat = seatOf(
    { UPLOAD_SESSIONS: objects as never },
    { config, base: "http://e", keepAlive: () => undefined },
  );
  expect(await seat.sessions({})).toEqual({
    sessions: [],
    next: null,
    missing: expect.stringContaining("SESSION_INDEX"),
  });
  expect(await seat.overview()).toMatchObject({
    sessionsByState: {},
    missing: expect.stringContaining("SESSION_INDEX"),
  });
});
