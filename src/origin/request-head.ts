import type { CommitRequest } from "./commit-request.ts";

/**
 * The head of a commit's request as it goes over a connection of its own (RFC 9112 section 3). It does not say
 * `Connection: close`: a server that is to close after an early answer does so on a body that still comes, and the reset
 * takes the answer with it (section 9.6). Whoever reads the answer ends the connection.
 *
 * @param length bytes of the body that follows
 * @throws TypeError where a value would end its line before its time
 */
export function formatRequestHead({ method, url, headers }: CommitRequest, length: number): string {
  const { host, pathname, search } = new URL(url);
  const fields = [["Host", host], ["Content-Length", String(length)], ...headers];
  for (const [name, value = ""] of fields) {
    if (/[\r\n\0]/.test(value)) throw new TypeError(`the value of ${name} is more than one line`);
  }
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
