import { JanitorError } from '../model/error.ts';
import { labelOf } from '../model/instance.ts';
import { describeTotals, type Summary } from '../model/summary.ts';

/** A run failed. Its summary is written; this makes the platform count the failure and alarm. */
export class RunFailedError extends JanitorError {
  override readonly name = 'RunFailedError';

  constructor(summary: Summary) {
    const causes = summary.targets.flatMap(({ name, error, instances }) => [
      ...(error ? [`${name}: ${error.message}`] : []),
      ...instances
        .filter(({ outcome }) => outcome === 'failed')
        .map(
          (instance) => `${name}: ${labelOf(instance)}: ${instance.errors[0]?.message ?? 'failed'}`,
        ),
    ]);
    // Where no target and no instance failed, something that was asked for is missing.
    const all = causes.length > 0 ? causes : summary.warnings;
    const shown = all.slice(0, 5).join('; ');
    const more = all.length > 5 ? `; and ${all.length - 5} more` : '';
    super(
      'run-failed',
      `${describeTotals(summary)}. ${shown}${more}. The log lines with runId ${summary.runId} have the rest.`,
    );
  }
}
