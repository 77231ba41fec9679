import { JanitorError } from '../model/error.ts';
import { labelOf } from '../model/instance.ts';
import { describeTotals, type Summary } from '../model/summary.ts';
import { saysMissing } from './request.ts';

/** A run failed. Its summary is written; this makes the platform count the failure and alarm. */
export class RunFailedError extends JanitorError {
  override readonly name = 'RunFailedError';

  constructor(summary: Summary) {
    const causes = summary.targets.flatMap(({ name, error, instances }) => [
      ...(error ? [`${name}: ${error.message}`] : []),
      ...instances
        .filter(({ outcome }) => outcome === 'failed')
        .map(
          ({ stoppedBy, errors, ...instance }) =>
            `${name}: ${labelOf(instance)}: ${errors[0]?.message ?? `failed, stopped by ${stoppedBy}`}`,
        ),
    ]);
    const all = [...failingWarnings(summary.warnings), ...causes];
    const shown = all.slice(0, 5).join('; ');
    const more = all.length > 5 ? `; and ${all.length - 5} more` : '';
    super(
      'run-failed',
      `${describeTotals(summary)}. ${shown}${more}. The log lines with runId ${summary.runId} have the rest.`,
    );
  }
}

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
