import type { Terminal } from './terminal.ts';

/** Instances of which each has a row, unless all are asked for. */
export const MAX_INSTANCES = 50;

/** The ways in which a summary can be shown. */
export interface SummaryOptions {
  readonly terminal: Terminal;
  /** Every instance, every failure, and the reasons of each instance. */
  readonly verbose?: boolean | undefined;
  /** No table: failures, warnings, and how the run ended. */
  readonly quiet?: boolean | undefined;
  /** How to delete what a dry run has found; absent where the dry run was asked for. */
  readonly howToDelete?: string | undefined;
}
