import type { GaveUp } from '../http/retry.ts';
import { JanitorError } from '../model/error.ts';
import type { AnswerReading } from './classify.ts';

/** A request that did not get what it asked for. */
export class ApiError extends JanitorError {
  override readonly name: string = 'ApiError';
  readonly reading: AnswerReading | undefined;
  /** Why no further attempt was made, where that is what ended it. */
  readonly gaveUp: GaveUp | undefined;

  /** @param code the target error's own; that of the answer, when absent. */
  constructor(message: string, reading?: AnswerReading, gaveUp?: GaveUp, code?: string) {
    super(code ?? reading?.code ?? 'unavailable', message);
    this.reading = reading;
    this.gaveUp = gaveUp;
  }
}

/** No request of the target can succeed: its credentials, permissions or address are wrong. */
export class TargetError extends ApiError {
  override readonly name = 'TargetError';

  constructor(code: string, message: string, reading?: AnswerReading) {
    super(message, reading, undefined, code);
  }
}
