import type { Duration } from 'luxon';
import { describeWriteError, type OutputFile, openOutputFile } from '../files/output-file.ts';
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
  /** Removes what is not written. */
  close(): void;
}

/**
 * Begins an HTML report in a file, or on standard output where that is `-`. The file is begun first, so that a bad path
 * does not surface after the deletions; what is there is replaced once the report is whole.
 * @throws {UsageError} when it is not writable.
 */
export async function openHtmlReport(file: string, input: HtmlReportInput): Promise<HtmlReport> {
  const output = file === '-' ? undefined : openFile(file);
  // Only a report needs the charts' library.
  const { collectDecisions } = await import('../view/decisions.ts');
  const decisions = collectDecisions();
  return {
    observer: decisions.observer,
    write: async (summary, io) => {
      try {
        const { renderHtml } = await import('../view/html/html.ts');
        const html = renderHtml({ ...input, summary, decisions });
        if (output) {
          output.write(html);
          output.finish();
        } else io.out(html);
        return true;
      } catch (error) {
        io.err(`The HTML report could not be written: ${file}: ${describeWriteError(error)}\n`);
        return false;
      }
    },
    close: () => output?.close(),
  };
}

/** @throws {UsageError} where it cannot be written. */
function openFile(file: string): OutputFile {
  try {
    return openOutputFile(file);
  } catch (error) {
    throw new UsageError(`--html: ${file}: ${describeWriteError(error)}`);
  }
}
