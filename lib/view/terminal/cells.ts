import stringWidth from 'string-width';

/** Letters that are written from right to left. */
const RIGHT_TO_LEFT =
  /(?=\p{L})[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** Where a name is folded, if that is not far from the end of the line. */
const SEPARATOR = /^[-_./:\s]/;

/** ASCII, and what reports are drawn with. V8 needs 13 ms for the expressions with which Unicode's widths are found. */
const NARROW = /^[ -~…─█░]*$/;

const segmenter = new Intl.Segmenter();

/** Cells that a text takes in a terminal: two for each letter of Chinese, Japanese and Korean. */
export function cellsOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

/** Whether numbers behind a text on its line would change their order: it has letters from right to left. */
export function isRightToLeft(text: string): boolean {
  return RIGHT_TO_LEFT.test(text);
}

/** Cells of the widest of some texts; counting ends at one that fills a line of `columns`. */
export function widest(texts: Iterable<string>, columns: number): number {
  let most = 0;
  for (const text of texts) {
    most = Math.max(most, cellsOf(text));
    if (most >= columns) break;
  }
  return most;
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
  let start = 0;
  let used = 0;
  /** The end of the latest separator in this piece, and the cells up to there. */
  let separated = 0;
  let usedThere = 0;
  for (const { segment, index } of segmenter.segment(name)) {
    const width = cellsOf(segment);
    if (used + width > cells && index > start) {
      // A full piece ends behind a separator in its second half, or where it is full.
      const isNear = separated - start > (index - start) / 2;
      pieces.push(name.slice(start, isNear ? separated : index));
      used = isNear ? used - usedThere : 0;
      start = isNear ? separated : index;
    }
    used += width;
    if (SEPARATOR.test(segment)) {
      separated = index + segment.length;
      usedThere = used;
    }
  }
  return [...pieces, name.slice(start)];
}
