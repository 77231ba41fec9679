import type { GaveUp } from '../http/retry.ts';
import type { AnswerReading } from './classify.ts';

/** A request that did not get what it asked for. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError';
  readonly reading: AnswerReading | undefined;
  /** Why no further attempt was made, where that is what ended it. */
  readonly gaveUp: GaveUp | undefined;

  constructor(message: string, reading?: AnswerReading, gaveUp?: GaveUp) {
    super(message);
    this.reading = reading;
    this.gaveUp = gaveUp;
  }
}

/** No request of the target can succeed: its credentials, permissions or address are wrong. */
export class TargetError extends ApiError {
  override readonly name = 'TargetError';
  readonly code: string;

  constructor(code: string, message: string, reading?: AnswerReading) {
    super(message, reading);
    this.code = code;
  }
}
