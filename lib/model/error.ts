/**
 * Every error that this program throws on purpose. Its message tells a person what happened, where, and what
 * to do next; whatever else is thrown is a defect of ours.
 */
export class JanitorError extends Error {
  override readonly name: string = 'JanitorError';
  /** For programs, such as `policy` or `unauthorised`. */
  readonly code: string;

  /** @param cause the error behind it, where there is one. */
  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** A text is not of the form that it must have. The message says what to write instead, but not where the text stands. */
export class FormatError extends JanitorError {
  override readonly name = 'FormatError';

  constructor(message: string) {
    super('format', message);
  }
}
