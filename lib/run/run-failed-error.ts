import { JanitorError } from '../model/error.ts';
import { labelOf } from '../model/instance.ts';
import { describeTotals, type Summary } from '../model/summary.ts';
import { failingWarnings } from './failing-warnings.ts';

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
