import { FIGURES, type Figure, type FigureName } from './figures.ts';

/** What came of one figure. */
export type Result =
  /** `detail` tells the absolute numbers and the peers’. */
  | { readonly figure: FigureName; readonly value: number; readonly detail: string }
  /** It could not be measured here, for the reason given. */
  | { readonly figure: FigureName; readonly skipped: string };

/** How a result compares with its target. */
export type Verdict = 'met' | 'missed' | 'skipped';

export function verdictOf(result: Result): Verdict {
  if ('skipped' in result) return 'skipped';
  const { target, should }: Figure = FIGURES[result.figure];
  if (Number.isNaN(result.value)) throw new RangeError(`${result.figure} has no value`);
  const met = should === 'at most' ? result.value <= target : result.value >= target;
  return met ? 'met' : 'missed';
}

/** Such as `1.034` or `308 KB`. */
export function formatValue(value: number, { unit }: Pick<Figure, 'unit'>): string {
  if (unit === '') return value < 0.1 ? value.toFixed(4) : value.toFixed(3);
  return `${Math.round(value).toLocaleString('en')}${unit}`;
}

/** The verdict in plain words, such as `missed: 2.310 is more than 2`. */
export function sayVerdict(result: Result): string {
  if ('skipped' in result) return `not measured: ${result.skipped}`;
  const figure: Figure = FIGURES[result.figure];
  if (verdictOf(result) === 'met') return 'met';
  const relation = figure.should === 'at most' ? 'more' : 'less';
  return `missed: ${formatValue(result.value, figure)} is ${relation} than ${formatTarget(figure)}`;
}

/** Such as `2`, `0.95` or `400 KB`. */
export function formatTarget({ target, unit }: Figure): string {
  return `${target.toLocaleString('en')}${unit}`;
}
