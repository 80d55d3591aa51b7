/**
 * Frees the whole buffer behind `bytes` at once; nobody may use the buffer afterwards. The garbage collector sees only a
 * small object here and takes its time, while the runtime counts an isolate's memory in bytes.
 */
export function letGo({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
