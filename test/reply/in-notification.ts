import type { Upload } from "../conformance/support.ts";
import type { Notification } from "./application.ts";
import { expectReplyUrl, fetchUrl, type Stage } from "./support.ts";

/** Where a notified application gets the upload. */
export const entityUrlOf = ({ headers }: Notification): string => headers["bits-request-datafile-name"] ?? "";
/** Where it puts its reply. */
export const replyUrlOf = ({ headers }: Notification): string => headers["bits-response-datafile-name"] ?? "";

/** PUTs a reply. @returns the status */
export const put = async (url: string, body: Uint8Array): Promise<number> =>
  (await fetchUrl(url, { method: "PUT", body })).status;

/**
 * An upload whose application does some work in the middle of its notification, and then accepts. What fails
 * there fails the test.
 *
 * @returns the upload, and the URL of its reply
 */
export async function inNotification(
  { bench, application }: Stage,
  work: (notification: Notification, upload: Upload) => Promise<void>,
  { size = 2_000, directory = "/ref-reply/" } = {},
): Promise<{ upload: Upload; url: string }> {
  const upload = await bench.begin(size, { directory });
  const done = Promise.withResolvers<void>();
  application.answer(upload.target, async (notification) => {
    await work(notification, upload).then(done.resolve, done.reject);
    return {};
  });
  const [ack] = await Promise.all([upload.send(), done.promise]);
  return { upload, url: expectReplyUrl(ack, upload) };
}
