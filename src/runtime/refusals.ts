/** Packets of one client that were refused for one fault, without a quarter of an hour of peace between them. */
export interface Refusals {
  /** Null if no door can see it. */
  readonly client: string | null;
  readonly fault: string;
  readonly count: number;
  /** When the last one came, milliseconds since 1970. */
  readonly lastAt: number;
}

/** After so long a refusal is over. */
const REMEMBERED_MS = 15 * 60 * 1000;
/** An isolate remembers so many clients and faults, those that came last. */
const MOST = 1_000;

/** The one that came last comes last. */
const remembered = new Map<string, Refusals>();

/** Remembers that a packet was refused. */
export function noteRefusal(client: string | null, fault: string, now: number): void {
  const name = `${fault} ${client ?? ""}`;
  const before = remembered.get(name);
  const isOver = before === undefined || now - before.lastAt > REMEMBERED_MS;
  remembered.delete(name);
  remembered.set(name, { client, fault, count: isOver ? 1 : before.count + 1, lastAt: now });
  if (remembered.size > MOST) remembered.delete(remembered.keys().next().value ?? "");
}

/** What this isolate has refused within the last quarter of an hour, the most frequent first. */
export function recentRefusals(now: number, most: number): Refusals[] {
  return [...remembered.values()]
    .filter(({ lastAt }) => now - lastAt <= REMEMBERED_MS)
    .toSorted((one, other) => other.count - one.count)
    .slice(0, most);
}
