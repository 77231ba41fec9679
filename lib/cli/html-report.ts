import { open, rm, writeFile } from 'node:fs/promises';
import type { Duration } from 'luxon';
import { describeWriteError, existingAt } from '../model/output-file.ts';
import type { Summary } from '../model/summary.ts';
import type { Policy } from '../policy/schema.ts';
import type { Observer } from '../run/observer.ts';
import { type Io, UsageError } from './io.ts';

/** The parts of an HTML report that are known before the run. */
export interface HtmlReportInput {
  readonly policy: Policy;
  readonly policyFile: { readonly name: string; readonly text: string };
  readonly keepFor: Duration | undefined;
  readonly options: readonly string[];
}

/** An HTML report that has been begun. */
export interface HtmlReport {
  readonly observer: Observer;
  /** Writes the file; false, and the reason on standard error, when that fails. */
  write(summary: Summary, io: Io): Promise<boolean>;
  /** Removes the empty file if nothing was written. */
  close(): Promise<void>;
}

/**
 * Begins an HTML report in a file, or on standard output where that is `-`. Checks that the file is writable first, so
 * that a bad path does not surface after the deletions.
 * @throws {UsageError} when it is not writable.
 */
export async function openHtmlReport(file: string, input: HtmlReportInput): Promise<HtmlReport> {
  const [created, { collectDecisions }] = await Promise.all([
    file === '-' ? false : tryToWrite(file),
    // Only a report needs the charts' library.
    import('../view/decisions.ts'),
  ]);
  const decisions = collectDecisions();
  let written = false;
  return {
    observer: decisions.observer,
    write: async (summary, io) => {
      try {
        const { renderHtml } = await import('../view/html/html.ts');
        const html = renderHtml({ ...input, summary, decisions });
        if (file === '-') io.out(html);
        else await writeFile(file, html);
        written = true;
      } catch (error) {
        io.err(`The HTML report could not be written: ${file}: ${describeWriteError(error)}\n`);
      }
      return written;
    },
    close: async () => {
      if (created && !written) await rm(file, { force: true });
    },
  };
}

/** Opens the file for writing without changing it. True where that created it. */
async function tryToWrite(file: string): Promise<boolean> {
  try {
    const existing = existingAt(file);
    const handle = await open(file, existing ? 'r+' : 'a');
    await handle.close();
    return !existing;
  } catch (error) {
    throw new UsageError(`--html: ${file}: ${describeWriteError(error)}`);
  }
}
