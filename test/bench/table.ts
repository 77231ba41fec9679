import { FIGURES, type Figure } from './figures.ts';
import { formatTarget, formatValue, type Result, sayVerdict } from './result.ts';

const HEADINGS = ['figure', 'target', 'result', 'verdict', 'measured'] as const;

function cellsOf(result: Result): string[] {
  const figure: Figure = FIGURES[result.figure];
  const sign = figure.should === 'at most' ? '≤' : '≥';
  const value = 'skipped' in result ? '–' : formatValue(result.value, figure);
  const detail = 'skipped' in result ? '' : result.detail;
  return [figure.title, `${sign} ${formatTarget(figure)}`, value, sayVerdict(result), detail];
}

/** The results as a Markdown table. */
export function markdownTable(results: readonly Result[]): string {
  const rows = [HEADINGS, HEADINGS.map(() => '---'), ...results.map(cellsOf)];
  return rows
    .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/** One result for a terminal: its row, and below it what was measured. */
export function terminalRow(result: Result): string {
  const [title, target, value, verdict, detail] = cellsOf(result) as [string, ...string[]];
  const first = `${title}\n    ${value} (target ${target}): ${verdict}`;
  return detail ? `${first}\n    ${detail}\n` : `${first}\n`;
}
