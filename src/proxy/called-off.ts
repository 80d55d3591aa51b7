/** Why a request to the origin is ended before its time, and the status for a client that is still there. */
export class CalledOff extends Error {
  override readonly name = "CalledOff";
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
