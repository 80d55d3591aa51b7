/** Why nothing could be imported: one sentence for the person at the keyboard. */
export class ImportError extends Error {
  override readonly name = "ImportError";
}
