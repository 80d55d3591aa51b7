import type { Ack } from "../test/support/bits-client.ts";

/** A heading of the example's output. */
export function heading(text: string): void {
  console.log(`\n${process.stdout.isTTY ? `\u001B[1m${text}\u001B[22m` : text}`);
}

/** Aligned pairs under a heading. */
export function rows(pairs: readonly (readonly [label: string, value: string])[]): void {
  const width = Math.max(...pairs.map(([label]) => label.length));
  for (const [label, value] of pairs) console.log(`   ${label.padEnd(width)}   ${value}`);
}

/** `12.3 MB`, decimal as disks and networks count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `12,345,678` */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** An Ack's status and error headers on one line. */
export function formatAck(ack: Ack): string {
  const { status, reason } = ack.response;
  if (ack.errorCode === undefined) return `${status} ${reason}`;
  const code = `0x${ack.errorCode.toString(16).toUpperCase().padStart(8, "0")}`;
  const whose =
    { 5: "the edge's own error", 7: "the application's error" }[ack.errorContext ?? 0] ?? "no one's";
  const context = `BITS-Error-Context: 0x${(ack.errorContext ?? 0).toString(16)} (${whose})`;
  return `${status} ${reason}   BITS-Error-Code: ${code}   ${context}`;
}

/** What Windows does after this Ack of Close-Session (Win32, "Ack for Close-Session"). */
export function whatWindowsDoesNext(ack: Ack): string {
  if (ack.status < 300) return "the job is done";
  if (ack.status >= 500) return "keeps the job, waits, and sends Close-Session again; no byte travels twice";
  return "the job ends in the state ERROR and shows this code to its owner";
}
