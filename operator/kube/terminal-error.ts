// The one error that says "trying again will not help": the worker writes it down and does not requeue.

/** Do not retry; `reason` is UpperCamel and equals the Condition's and the Event's reason. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
