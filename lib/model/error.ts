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

/**
 * Before something is written over: to open a pipe waits for its reader, for ever perhaps.
 * @throws {Error} that {@link describeWriteError} explains.
 */
export function refusePipe(existing: { isFIFO(): boolean } | undefined): void {
  if (existing?.isFIFO()) throw Object.assign(new Error('a pipe'), { code: PIPE });
}

const PIPE = 'PIPE';

/** Why a file that somebody has named could not be written, and what to do. */
export function describeWriteError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'its folder does not exist; make it first';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return 'no permission to write there; name another file';
  }
  if (code === 'EISDIR') return 'it is a folder; name a file in it';
  if (code === PIPE) return 'it is a pipe; write - for standard output, and send that there';
  if (code === 'ENOSPC') return 'the disk is full, so it was not written';
  return code ?? message;
}
