/** The parts of a request's head. */
export interface RequestParts {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * The head of a commit's request as it goes over a connection of its own (RFC 9112 section 3). It does not say
 * `Connection: close`: with it, a server that answers early closes while the body still arrives, and the reset destroys
 * the response (section 9.6). The edge ends the connection after it has read the response.
 *
 * @param length bytes of the body that follows
 * @throws TypeError where a value would end its line before its time
 */
export function formatRequestHead({ method, url, headers }: RequestParts, length: number): string {
  const { host, pathname, search } = new URL(url);
  const fields = [["Host", host], ["Content-Length", String(length)], ...headers];
  for (const [name, value = ""] of fields) {
    if (/[\r\n\0]/.test(value)) throw new TypeError(`the value of ${name} is more than one line`);
  }
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
