import { type Conversion, nothing, type Properties } from "./conversion.ts";
import { quote } from "./quote.ts";

/** Windows' limit, and that of src/config/config.ts. */
const MAXIMUM_URL_CHARACTERS = 2200;

/** BITSServerNotificationType: the metabase's numbers, and the names that people use for them. */
const TYPES: ReadonlyMap<string, "none" | "by-reference" | "by-value"> = new Map([
  ["", "none"],
  ["0", "none"],
  ["none", "none"],
  ["1", "by-reference"],
  ["byref", "by-reference"],
  ["byreference", "by-reference"],
  ["2", "by-value"],
  ["byval", "by-value"],
  ["byvalue", "by-value"],
]);

const BY_REFERENCE =
  "By reference, the application gets signed URLs, to GET the upload and to PUT the reply, where IIS gave paths " +
  "of files. Set PUBLIC_URL, which these URLs begin with.";
const REPLY =
  "Add reply = true where the application answers its clients with data (upload-reply jobs): no setting of IIS " +
  "tells.";

/** A notification, and whether the application would be told of an upload as under IIS. */
export interface NotificationConversion extends Conversion {
  readonly isWhole: boolean;
}

/** BITSServerNotificationType and BITSServerNotificationURL. */
export function convertNotification(
  properties: Properties,
  originUrl: string | null,
): NotificationConversion {
  const typeText = properties.get("BITSServerNotificationType") ?? "";
  const url = properties.get("BITSServerNotificationURL")?.trim() ?? "";
  const type = TYPES.get(typeText.toLowerCase().replace(/[\s_-]/g, ""));
  if (type === undefined) {
    return broken(`BITSServerNotificationType = ${quote(typeText)} is neither 0, 1 nor 2`);
  }
  if (type === "none") {
    const unused = `BITSServerNotificationURL = ${quote(url)} is not carried over: the notification type is none.`;
    const settings = typeText === "" ? [] : [["notification", type] as const];
    return { settings, notes: url === "" ? [] : [unused], isWhole: true };
  }
  if (!isHttpUrl(url)) {
    return broken(
      `BITSServerNotificationURL = ${quote(url)} is no URL, which notification ${quote(type)} needs`,
    );
  }
  const reached = reachableUrl(url, originUrl);
  return {
    settings: [
      ["notification", type],
      ["notification_url", reached.url],
    ],
    notes: [...(type === "by-reference" ? [BY_REFERENCE] : []), REPLY, ...reached.notes],
    isWhole: true,
  };
}

/** Without its notification a directory would put files where nobody looks: better none than those. */
function broken(what: string): NotificationConversion {
  return {
    ...nothing(`${what}: uploads are off here until notification and notification_url are set.`),
    isWhole: false,
  };
}

/** The IIS machine's own name for itself leads nowhere from the edge. */
function reachableUrl(url: string, originUrl: string | null): { url: string; notes: readonly string[] } {
  const parsed = URL.parse(url);
  if (parsed === null) return { url, notes: [] }; // relative: the origin's by nature
  const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(parsed.hostname);
  if (isLoopback && originUrl !== null && parsed.port === "") {
    const moved = originUrl.replace(/\/+$/, "") + parsed.pathname + parsed.search;
    return {
      url: moved,
      notes: [`BITSServerNotificationURL was ${quote(url)}; its host is the origin's now.`],
    };
  }
  const isLocalName = isLoopback || !/[.:]/.test(parsed.hostname);
  const look =
    `notification_url has the host ${quote(parsed.host)}, which the edge can not reach: ` +
    "name one that it can, or a path of the origin.";
  return { url, notes: isLocalName ? [look] : [] };
}

function isHttpUrl(text: string): boolean {
  const url = text === "" ? null : URL.parse(text, "http://origin.invalid/");
  return (
    url !== null &&
    (url.protocol === "http:" || url.protocol === "https:") &&
    text.length <= MAXIMUM_URL_CHARACTERS
  );
}
