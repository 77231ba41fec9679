import { saysMissing } from './request.ts';

/** The warnings of a failed run that say why it failed: those about missing instances, and about endpoints. */
export function failingWarnings(warnings: readonly string[]): readonly string[] {
  return warnings.filter((warning) => saysMissing(warning) || ENDPOINT.test(warning));
}

/** As {@link endpointWarning} begins, and no target's name does. */
const ENDPOINT = /^endpoint \d+ of the run: /;

/**
 * The warning about an endpoint that has no targets to tell it by.
 * @param place of the endpoint in the run, from 0.
 * @param problem what is not known about it, and what to do.
 */
export function endpointWarning(place: number, problem: string): string {
  return `endpoint ${place + 1} of the run: ${problem}`;
}
