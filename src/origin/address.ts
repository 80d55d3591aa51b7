/** Where a host takes connections, and of what kind. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
  readonly isSecure: boolean;
}

/** @param url http or https */
export function addressOf(url: string): Address {
  const { hostname, port, protocol } = new URL(url);
  const isSecure = protocol === "https:";
  return { hostname, port: Number(port || (isSecure ? 443 : 80)), isSecure };
}
