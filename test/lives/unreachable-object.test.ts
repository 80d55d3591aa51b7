import { expect, onTestFinished, test } from "vitest";
import { Bench } from "../conformance/support.ts";
import { ask, TOKEN } from "../operator/seat-client.ts";
import { Application } from "../reply/application.ts";
import { entityUrlOf, inNotification, replyUrlOf } from "../reply/in-notification.ts";
import { fetchUrl, type UrlRequest } from "../reply/support.ts";
import { startEdge } from "../support/edge.ts";
import { ABORTING_EDGE } from "../support/edge-of-project.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";

/** The status of each try of one request, and the delay that the edge asks for, until it is a success. */
async function triesOf(url: string, request: UrlRequest = {}): Promise<unknown[]> {
  const tries: unknown[] = [];
  for (let status = 0; status < 200 || status > 299;) {
    const response = await fetchUrl(url, request);
    ({ status } = response);
    tries.push([status, response.header("Retry-After")]);
    if (tries.length > 5) break;
  }
  return tries;
}

const AGAIN = [503, "5"];

test("Whoever asks for an object that cannot be reached is answered 503, and asked to come again (docs/cluster.md)", async () => {
  const application = await Application.start();
  onTestFinished(async () => application.stop());
  const origin = await startLegacyOrigin();
  const notified = { notification: "by-reference", notification_url: application.url, reply: true } as const;
  const edge = await startEdge({
    main: ABORTING_EDGE,
    vars: {
      ORIGIN_URL: origin.url,
      UPLOAD_DIRECTORIES: [{ path: "/ref-reply/", ...notified }],
      ABORTS: "questions",
    },
    secrets: { OPERATOR_TOKEN: TOKEN },
  });
  const bench = new Bench(edge, origin);
  onTestFinished(async () => bench.stop());

  const reply = Buffer.alloc((1 << 20) + 5, "r");
  const { upload, url } = await inNotification({ bench, application }, async (notification) => {
    expect(await triesOf(entityUrlOf(notification))).toEqual([AGAIN, [200, undefined]]);
    // It fails at its first call, and then at its second piece.
    const put = { method: "PUT", body: reply };
    expect(await triesOf(replyUrlOf(notification), put)).toEqual([AGAIN, AGAIN, [201, undefined]]);
  });
  using _ = upload;
  expect(await triesOf(url)).toEqual([AGAIN, [200, undefined]]);
  expect((await fetchUrl(url)).body.equals(reply)).toBe(true);

  const session = upload.sessionId.replaceAll(/[{}]/g, "");
  const [first, second] = [await ask(edge, `sessions/${session}`), await ask(edge, `sessions/${session}`)];
  expect([first.status, first.headers.get("Retry-After"), second.status]).toEqual([...AGAIN, 200]);
  expect(first.json).toEqual({ error: expect.stringContaining("again") as string });
});
