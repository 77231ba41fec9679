import type { Duration } from 'luxon';
import type { Summary } from '../../model/summary.ts';
import type { Policy } from '../../policy/schema.ts';
import type { Decisions } from '../decisions.ts';

/** The input of a report. */
export interface Report {
  readonly summary: Summary;
  readonly decisions: Decisions;
  readonly policy: Policy;
  /** The policy's file, as it was read. */
  readonly policyFile: { readonly name: string; readonly text: string };
  /** Replaces the policy's `keepFor` in this run. */
  readonly keepFor?: Duration | undefined;
  /** The options with which this run was narrowed, or differed from its policy. */
  readonly options: readonly string[];
}
