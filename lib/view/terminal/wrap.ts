import { cellsOf } from './cells.ts';

/**
 * Lines of so many cells at most, each beginning under the end of `lead`. A word is never broken, so that it can be
 * copied whole: one that is wider than a line is left to the terminal.
 * @param words what is kept together; a text is split at its spaces.
 */
export function wrap(lead: string, words: string | readonly string[], columns: number): string[] {
  const indent = ' '.repeat(cellsOf(lead));
  const lines: string[] = [];
  let line = lead;
  let used = indent.length;
  for (const word of typeof words === 'string' ? words.split(' ') : words) {
    const width = cellsOf(word);
    const empty = used === indent.length;
    if (!empty && used + 1 + width > columns) {
      lines.push(line);
      line = indent + word;
      used = indent.length + width;
    } else {
      line += empty ? word : ` ${word}`;
      used += empty ? width : width + 1;
    }
  }
  return [...lines, line];
}

/** Each but the last with a comma, for {@link wrap}. */
export function withCommas(items: readonly string[]): string[] {
  return items.map((item, index) => (index < items.length - 1 ? `${item},` : item));
}
