const WIDTH = 80;

/**
 * Lines of 80 columns at most, each beginning under the end of `lead`. A word is never broken.
 * @param words what is kept together; a text is split at its spaces.
 */
export function wrap(lead: string, words: string | readonly string[]): string[] {
  const indent = ' '.repeat(lead.length);
  const lines: string[] = [];
  let line = lead;
  for (const word of typeof words === 'string' ? words.split(' ') : words) {
    const empty = line === lead || line === indent;
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent + word;
    } else line += empty ? word : ` ${word}`;
  }
  return [...lines, line];
}
