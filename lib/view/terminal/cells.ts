import stringWidth from 'string-width';

/** Letters that are written from right to left. */
const RIGHT_TO_LEFT =
  /(?=\p{L})[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** Where a name is folded, if that is not far from the end of the line. */
const AFTER_SEPARATOR = /[-_./:\s]/;

const segmenter = new Intl.Segmenter();

/** Cells that a text takes in a terminal: two for each letter of Chinese, Japanese and Korean. */
export function cellsOf(text: string): number {
  return stringWidth(text);
}

/** Whether numbers behind a text on its line would change their order: it has letters from right to left. */
export function isRightToLeft(text: string): boolean {
  return RIGHT_TO_LEFT.test(text);
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
