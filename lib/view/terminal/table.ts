import { visible } from '../../model/text.ts';
import { cellsOf, fold, isRightToLeft, padEnd, padStart, widest } from './cells.ts';
import type { Terminal, Tone } from './terminal.ts';
import { wrap } from './wrap.ts';

const INDENT = 2;
const GAP = 2;
/** Names are folded in a column of their own while it has so many cells; else they get lines of their own. */
const NARROWEST_NAMES = 20;

/** A number of a table. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

/** A row of a table: a name, and a number for each heading. */
export interface Row {
  readonly name: string;
  readonly cells: readonly Cell[];
}

/** A table whose columns are as wide as its rows need. No name in it is cut short. */
export interface Table {
  /** The line of the headings; none where the numbers are written as words. */
  readonly head: readonly string[];
  row(row: Row): string[];
}

/**
 * Lays a table out.
 * @param rows all that it will have, for their widths.
 */
export function tableOf(
  nameHeading: string,
  headings: readonly string[],
  rows: readonly Row[],
  terminal: Terminal,
): Table {
  const { columns, paint } = terminal;
  const widths = headings.map((heading, index) =>
    widest([heading, ...rows.map(({ cells }) => cells[index]?.text ?? '')], columns),
  );
  const longest = widest([nameHeading, ...rows.map(({ name }) => visible(name))], columns);
  const sum = widths.reduce((total, width) => total + width, 0);
  const room = (gap: number) => columns - INDENT - sum - gap * widths.length;
  const gap = room(GAP) >= Math.min(longest, NARROWEST_NAMES) ? GAP : 1;
  if (room(gap) < 0) return { head: [], row: (row) => inWords(headings, row, terminal) };
  const nameWidth = Math.min(longest, room(gap));
  const numbers = (cells: readonly Cell[]) =>
    cells
      .map(({ text, tone }, i) => ' '.repeat(gap) + paint(tone, padStart(text, widths[i] ?? 0)))
      .join('');
  const row = ({ name, cells }: Row): string[] => {
    const text = visible(name);
    const fits =
      (nameWidth >= NARROWEST_NAMES || cellsOf(text) <= nameWidth) && !isRightToLeft(text);
    const lines = fold(text, fits ? nameWidth : columns - INDENT);
    const last = fits ? (lines.pop() as string) : '';
    return [...lines, `${padEnd(last, nameWidth)}${numbers(cells)}`].map(
      (line) => ' '.repeat(INDENT) + line,
    );
  };
  const head = row({ name: nameHeading, cells: headings.map((text) => ({ text })) });
  return { head: head.map((line) => paint('quiet', line)), row };
}

/** A row where not even its numbers fit side by side. */
function inWords(headings: readonly string[], { name, cells }: Row, terminal: Terminal): string[] {
  const { columns, paint } = terminal;
  const words = cells.map(({ text, tone }, index) => {
    const comma = index < cells.length - 1 ? ',' : '';
    return paint(tone, `${text} ${headings[index]?.toLowerCase()}${comma}`);
  });
  return [
    ...fold(visible(name), columns - INDENT).map((line) => ' '.repeat(INDENT) + line),
    ...wrap(' '.repeat(2 * INDENT), words, columns),
  ];
}
