import { ServeError } from "./serve-error.ts";

/**
 * A port alone means this machine only: nothing is open to others before someone says so.
 *
 * @returns `host:port`, as workerd takes it
 * @throws ServeError that names the option
 */
export function address(option: string, text: string): string {
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new ServeError(`${option} must be a port or host:port, such as 8080 or *:80, but is ${text}.`);
  }
  return `${host ?? "127.0.0.1"}:${port}`;
}
