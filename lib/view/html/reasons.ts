import type { KeepReason } from '../../policy/decide.ts';

/** What each reason means, for the reader of a report. */
export const REASONS: Readonly<Record<KeepReason | 'expired', string>> = {
  'already-deleted': 'its status says that it is deleted already',
  running: 'its task still runs, or waits to run',
  'unknown-status': 'its status is missing, or not one that is known',
  'no-timestamp': 'when its task ended is missing, or cannot be read',
  malformed: 'it has no id, or a field that is not text',
  'duplicate-id': 'its id stands for another record too',
  'within-keep-last': 'it is among the newest of its instance (keepLast)',
  'status-not-selected': 'its status is not among those that may be deleted (statuses)',
  'kept-forever': 'its rule or target says keep: forever',
  'within-keep-for': 'it is younger than keepFor, or dated in the future',
  'not-requested': 'the run was for certain task ids, and not for this one',
  expired: 'nothing keeps it',
};
