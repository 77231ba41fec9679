import stringWidth from 'string-width';
import { visible } from '../../model/text.ts';

/** Letters that are written from right to left. */
const RIGHT_TO_LEFT =
  '(?=\\p{L})[\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}]';
/** From such a letter to the last one before other letters or digits. */
const RUN = new RegExp(`${RIGHT_TO_LEFT}(?:[^\\p{L}\\p{N}]*${RIGHT_TO_LEFT})*`, 'gu');
const LEFT_TO_RIGHT_MARK = '\u200e';
/** Where a name is folded, if that is not far from the end of the line. */
const AFTER_SEPARATOR = /[-_./:\s]/;

const segmenter = new Intl.Segmenter();

/** Cells that a text takes in a terminal: two for each letter of Chinese, Japanese and Korean. */
export function cellsOf(text: string): number {
  return stringWidth(text);
}

/**
 * Text from outside, as {@link visible} has it. Numbers behind a word from right to left would change their order with
 * it, so each is ended by an invisible mark.
 */
export function shown(text: string): string {
  return visible(text).replace(RUN, `$&${LEFT_TO_RIGHT_MARK}`);
}

export function padEnd(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - cellsOf(text)));
}

export function padStart(text: string, cells: number): string {
  return ' '.repeat(Math.max(0, cells - cellsOf(text))) + text;
}

/** A name in pieces of so many cells at most (2 at least), which together are the whole name. */
export function fold(name: string, cells: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const { segment } of segmenter.segment(name)) {
    const width = cellsOf(segment);
    if (used + width > cells && piece !== '') {
      const kept = foldedAt(piece);
      pieces.push(piece.slice(0, kept));
      piece = piece.slice(kept);
      used = cellsOf(piece);
    }
    piece += segment;
    used += width;
  }
  return [...pieces, piece];
}

/** The place to fold a piece that is full: behind a separator in its second half, or at its end. */
function foldedAt(piece: string): number {
  for (let end = piece.length; end > piece.length / 2; end -= 1) {
    if (AFTER_SEPARATOR.test(piece[end - 1] as string)) return end;
  }
  return piece.length;
}
