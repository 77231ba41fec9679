import { FormatError, JanitorError } from '../model/error.ts';
import { type ArchivePlace, parseArchive } from '../policy/archive-place.ts';
import { parseMaxDuration } from '../policy/duration.ts';

/** The deployment's settings for every run, in environment variables (see serverless.yml). */
export interface Settings {
  readonly policyFile: string;
  /** Milliseconds before the deadline in which no DELETE begins. */
  readonly stopBeforeEnd: number | undefined;
  readonly maxConcurrency: number | undefined;
  /** Where to archive, instead of the policy's own place. */
  readonly archiveTo?: ArchivePlace | undefined;
  /** True where nothing may be deleted, whatever policy and event say. */
  readonly dryRun: true | undefined;
}

/** A setting cannot be understood; nothing has been done. */
export class SettingsError extends JanitorError {
  override readonly name = 'SettingsError';

  constructor(message: string) {
    super('settings', message);
  }
}

/**
 * Reads `POLICY_FILE`, `STOP_BEFORE_END`, `CONCURRENCY`, `ARCHIVE` and `DRY_RUN`. An empty one counts as absent.
 * @throws {SettingsError} that names the variable.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  return {
    policyFile: env.POLICY_FILE || 'retention.yml',
    stopBeforeEnd: read('STOP_BEFORE_END', parseMaxDuration),
    maxConcurrency: env.CONCURRENCY ? readConcurrency(env.CONCURRENCY) : undefined,
    archiveTo: read('ARCHIVE', parseArchive),
    dryRun: readDryRun(env.DRY_RUN) || undefined,
  };

  function read<T>(name: string, parse: (text: string) => T): T | undefined {
    const text = env[name];
    if (!text) return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new SettingsError(`${name}: ${error.message}`);
    }
  }
}

function readDryRun(text = ''): boolean {
  if (['', 'true', 'false'].includes(text)) return text === 'true';
  throw new SettingsError(`DRY_RUN: expected true or false, found ${JSON.stringify(text)}`);
}

function readConcurrency(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw new SettingsError(
    `CONCURRENCY: expected a whole number, 1 or more, found ${JSON.stringify(text)}`,
  );
}
