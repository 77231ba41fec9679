import type { Duration } from 'luxon';
import type { Summary } from '../../model/summary.ts';
import type { Policy } from '../../policy/schema.ts';
import type { DecidedRecords } from '../decisions.ts';

/** All that a report is made of. */
export interface Report {
  readonly summary: Summary;
  readonly records: DecidedRecords;
  readonly policy: Policy;
  /** The policy's file, as it was read. */
  readonly policyFile: { readonly name: string; readonly text: string };
  /** What the run put in place of the policy's `keepFor`. */
  readonly keepFor?: Duration | undefined;
  /** The options with which this run was narrowed, or differed from its policy. */
  readonly options: readonly string[];
}
