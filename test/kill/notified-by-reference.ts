import { once } from "node:events";
import { get, type IncomingMessage, request } from "node:http";

/** The entity, from the URL that a notification named; its bytes come as they are read. */
export async function fetchEntity(url: string): Promise<IncomingMessage> {
  const asking = get(url, { agent: false });
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`the entity was answered ${response.statusCode}`);
  return response;
}

/** PUTs the reply where a notification said; `halfway` is called when half of it has left. */
export async function leaveReply(url: string, reply: string, halfway: () => void): Promise<void> {
  const bytes = Buffer.from(reply);
  const putting = request(url, {
    method: "PUT",
    agent: false,
    headers: { "Content-Length": bytes.length },
  });
  const answered = once(putting, "response") as Promise<[IncomingMessage]>;
  answered.catch(() => undefined); // told below, after what leads to it
  putting.write(bytes.subarray(0, bytes.length >> 1), halfway);
  putting.end(bytes.subarray(bytes.length >> 1));
  const [response] = await answered;
  response.resume();
  if (response.statusCode !== 201) throw new Error(`the reply was answered ${response.statusCode}`);
}
