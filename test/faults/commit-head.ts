/** Values of the fields of this name, in a commit's head as it was on the wire. */
export function valuesOf(name: string, head = ""): string[] {
  return [...head.matchAll(new RegExp(`^${name}:(.*)\r$`, "gim"))].map(([, value = ""]) => value.trim());
}

/** Our own head says the length right after the host; in the runtime's the commit's own fields come between. */
export function isBySocket(head = ""): boolean {
  return /^.*\r\nHost: .*\r\nContent-Length: /.test(head);
}
