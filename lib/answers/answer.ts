/**
 * What a response means to us.
 *
 * - `ok`, `deleted`: done.
 * - `gone`: the instance, and so the record, is not there.
 * - `perhaps-gone`: it says so without a documented code; only another list can tell.
 * - `throttled`, `transient`: the same request may be sent again.
 * - `refused`: the task still runs, or the instance is busy.
 * - `unauthorised`, `forbidden`, `misaddressed`: no request of this target can succeed.
 * - `invalid`: anything else.
 */
export type Answer =
  | 'ok'
  | 'deleted'
  | 'gone'
  | 'perhaps-gone'
  | 'throttled'
  | 'transient'
  | 'refused'
  | 'unauthorised'
  | 'forbidden'
  | 'misaddressed'
  | 'invalid';
