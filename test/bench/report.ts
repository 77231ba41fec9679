import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** One thing that is measured, and what it should be; what it means is told in page.md. */
export interface Figure {
  readonly title: string;
  /** Such as `≤ 1.05` or `≥ 1,000,000 records/s`. */
  readonly target: `${'≤' | '≥'} ${string}`;
}

/** What came of a figure: `detail` tells the absolute numbers and the peers’. */
export type Measured =
  | { readonly value: number; readonly detail: string }
  /** It could not be measured here, for the reason given. */
  | { readonly skipped: string };
export type Result = Figure & Measured;

/** Figures that are measured together, by name, in the order in which they are shown. */
export interface Part {
  readonly figures: Readonly<Record<string, Figure>>;
  /** @param quick smaller everywhere, and rough. @returns what came of each figure. */
  readonly measure: (quick: boolean) => Promise<Record<string, Measured>>;
}

/** Tells a person who waits what is being done. */
export function say(text: string): void {
  process.stderr.write(`${process.uptime().toFixed(0).padStart(4)} s  ${text}\n`);
}

/** Such as `5,000`. */
export const spell = (value: number) => Math.round(value).toLocaleString('en');

/** The middle of several values; the mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('there is no median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] as number) + (sorted[Math.ceil(half)] as number)) / 2;
}

/** The median of the ratios of rounds that followed each other: what slows the machine slows both. */
export function medianRatio(ours: readonly number[], theirs: readonly number[]): number {
  if (ours.length !== theirs.length) throw new RangeError('rounds come in pairs');
  return median(ours.map((value, round) => value / (theirs[round] as number)));
}

/** How a result compares with its target. */
export function verdictOf(result: Result): 'met' | 'missed' | 'skipped' {
  if ('skipped' in result) return 'skipped';
  const { title, target, value } = result;
  if (Number.isNaN(value)) throw new RangeError(`“${title}” has no value`);
  const bound = Number(target.split(' ')[1]?.replaceAll(',', ''));
  return (target.startsWith('≥') ? value >= bound : value <= bound) ? 'met' : 'missed';
}

/** Title, target, result, verdict in plain words, and what was measured. */
export function cellsOf(result: Result): string[] {
  const { title, target } = result;
  if ('skipped' in result) return [title, target, '–', `not measured: ${result.skipped}`, ''];
  const { value, detail } = result;
  const [sign, bound, unit] = target.split(' ');
  const written = unit ? `${spell(value)} ${unit}` : value.toFixed(value < 0.1 ? 4 : 3);
  const missed = `missed: ${written} is ${sign === '≥' ? 'less' : 'more'} than ${bound}`;
  const verdict = verdictOf(result) === 'met' ? 'met' : missed + (unit ? ` ${unit}` : '');
  return [title, target, written, verdict, detail];
}

/** One result for a terminal: its row, and below it what was measured. */
export function terminalRow(result: Result): string {
  const [title, target, value, verdict, detail] = cellsOf(result);
  return `${title}\n    ${value} (target ${target}): ${verdict}\n${detail ? `    ${detail}\n` : ''}`;
}

/** The commit that was measured, with `+` where files had been changed since; machine and versions. */
export function describeMachine(): string {
  const git = (...words: string[]) => execFileSync('git', words, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'lib', 'functions', 'test', 'package.json');
  const commit = git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '');
  const sdk = '@huaweicloud/huaweicloud-sdk';
  const versions = ['node-fetch', 'p-limit', `${sdk}-core`, `${sdk}-kafka`, 'esbuild'].map(
    (name) =>
      `${name} ${JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version}`,
  );
  const [processor] = os.cpus();
  const hardware = `${processor?.model.trim()}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GB`;
  return `${new Date().toISOString().slice(0, 10)}, commit ${commit}, on ${hardware}, ${os.type()} ${os.arch()}, Node ${process.version}.
Compared: ${versions.join(', ')}.`;
}

/**
 * docs/performance.md: the results of one full run, and what they mean.
 * @param template page.md: `{NAME}` stands for a figure’s title, and a line with `{missed NAME …}`
 * is left out where none of these figures is missed.
 */
export function performancePage(
  template: string,
  results: ReadonlyMap<string, Result>,
  made: string,
): string {
  const headings = ['figure', 'target', 'result', 'verdict', 'measured'];
  const rows = [headings, headings.map(() => '---'), ...[...results.values()].map(cellsOf)];
  const table = rows.map(
    (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return template
    .replace(/^- \{missed (.+)\}(.*\n)/gm, (_, names: string, reason: string) => {
      const missed = names.split(' ').flatMap((name) => {
        const result = results.get(name);
        if (!result || verdictOf(result) !== 'missed') return [];
        return [`**${result.title}** (target ${result.target.slice(2)})`];
      });
      return missed.length === 0 ? '' : `- ${missed.join(' and ')}${reason}`;
    })
    .replace(/\{([\w-]+)\}/g, (braces, name: string) => {
      const texts: Record<string, string> = { made, table: table.join('\n') };
      return texts[name] ?? results.get(name)?.title ?? braces;
    });
}
