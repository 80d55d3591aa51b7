/** What an operator has to put right: one or two sentences, shown without a stack. */
export class ServeError extends Error {
  override readonly name = "ServeError";
}

/** The system's code of an error, such as EACCES. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
