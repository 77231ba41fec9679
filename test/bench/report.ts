import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import * as d3 from 'd3-array';

/** A measured thing, and its target: `≤ 1.05` or `≥ 1,000,000 records/s`. */
export type Figure = Readonly<Record<'title' | 'target', string>>;

/** The result; `detail` has the absolute numbers, and those of other programs. */
export interface Measured {
  readonly value: number;
  readonly detail: string;
}
export type Result = Figure & Measured;

/**
 * Figures that are measured together, by the names that page.md gives them.
 * @param quick smaller everywhere, and rough.
 */
export type Part = (quick: boolean) => Promise<Record<string, Measured>>;

/** Such as `5,000`. */
export const spell = (value: number) => Math.round(value).toLocaleString('en');

/** The middle of several values; the mean of the two in the middle where their number is even. */
export const median = (values: readonly number[]) => d3.median(values) ?? Number.NaN;

/** The median of the ratios of what was measured in turns: what slows the machine slows both. */
export const medianRatio = (ours: readonly number[], theirs: readonly number[]) =>
  median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));

/** @throws {RangeError} for a result without a value. */
export function verdictOf({ title, target, value }: Result): 'met' | 'missed' {
  if (Number.isNaN(value)) throw new RangeError(`“${title}” has no value`);
  const bound = Number(target.split(' ')[1]?.replaceAll(',', ''));
  return (target.startsWith('≥') ? value >= bound : value <= bound) ? 'met' : 'missed';
}

/** Title, target, result, verdict in plain words, and what was measured. */
export function cellsOf(result: Result): string[] {
  const { title, target, value, detail } = result;
  const [sign, bound, unit] = target.split(' ');
  const written = unit ? `${spell(value)} ${unit}` : value.toFixed(value < 0.1 ? 4 : 3);
  const missed = `missed: ${written} is ${sign === '≥' ? 'less' : 'more'} than ${bound}`;
  const verdict = verdictOf(result) === 'met' ? 'met' : missed + (unit ? ` ${unit}` : '');
  return [title, target, written, verdict, detail];
}

export function terminalRow(result: Result): string {
  const [title, target, value, verdict, detail] = cellsOf(result);
  return `${title}\n    ${value} (target ${target}): ${verdict}\n    ${detail}\n`;
}

/** The commit that was measured, with `+` where files had been changed since; machine and versions. */
export function describeMachine(): string {
  const describe = ['describe', '--always', '--exclude=*', '--dirty=+'];
  const commit = execFileSync('git', describe, { encoding: 'utf8' }).trim();
  const sdk = '@huaweicloud/huaweicloud-sdk';
  const versions = ['node-fetch', 'p-limit', `${sdk}-core`, `${sdk}-kafka`, 'esbuild'].map(
    (name) => {
      const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
      return `${name} ${version}`;
    },
  );
  const date = new Date().toISOString().slice(0, 10);
  const cores = os.cpus();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GB`;
  const hardware = `${cores[0]?.model.trim()}, ${cores.length} cores, ${memory}`;
  return `${date}, commit ${commit}, on ${hardware}, ${os.type()} ${os.arch()}, Node ${process.version}.
Compared: ${versions.join(', ')}.`;
}

/**
 * The figures by name, in the order of their rows.
 * @param template page.md, which says of each what it means: `- {NAME TARGET} **TITLE.** …`.
 */
export function figuresIn(template: string): Map<string, Figure> {
  const lines = template.matchAll(/^- \{([\w-]+) ([≤≥] .+?)\} \*\*(.+?)\.\*\* /gm);
  return new Map(
    [...lines].map(([, name = '', target = '', title = '']) => [name, { title, target }]),
  );
}

/**
 * docs/performance.md: the results of one full run, and what they mean.
 * @param template page.md: a line with `{missed NAME …}` is left out where none of these is missed.
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
        if (!result || verdictOf(result) === 'met') return [];
        return [`**${result.title}** (target ${result.target.slice(2)})`];
      });
      return missed.length === 0 ? '' : `- ${missed.join(' and ')}${reason}`;
    })
    .replace(/^- \{.+?\} /gm, '- ')
    .replace('{made}', () => made)
    .replace('{table}', () => table.join('\n'));
}
