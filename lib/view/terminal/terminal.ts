import { styleText } from 'node:util';

/** Cells of a line where nobody can tell. */
const USUAL_COLUMNS = 80;
/** A narrower terminal gets lines of so many cells all the same. */
const FEWEST_COLUMNS = 40;
/** Prose that is wider is hard to read. */
const PROSE_COLUMNS = 100;

const FORMATS = {
  goes: 'magenta',
  complete: 'green',
  incomplete: 'yellow',
  failed: 'red',
  heading: 'bold',
  quiet: 'gray',
} as const;

/** The meaning of a text that has a colour of its own. */
export type Tone = keyof typeof FORMATS;

/** The screen, or the file, that text for a person goes to. */
export interface Terminal {
  /** Cells of one line, 40 at least. */
  readonly columns: number;
  /** Cells of a line of prose. */
  readonly proseColumns: number;
  /** The text in its colour, where colours are wanted. */
  paint(tone: Tone | undefined, text: string): string;
}

/**
 * A terminal as its surroundings describe it: `COLUMNS` overrides its width, `NO_COLOR` takes its colours away,
 * `FORCE_COLOR` gives them to a file too.
 * @param columns cells of one line; absent where it is no terminal.
 */
export function terminalOf(
  env: Readonly<Record<string, string | undefined>>,
  columns: number | undefined,
): Terminal {
  const width = Math.max(FEWEST_COLUMNS, columnsOf(env, columns));
  const coloured = wantsColours(env, columns !== undefined);
  return {
    columns: width,
    proseColumns: Math.min(width, PROSE_COLUMNS),
    paint: (tone, text) =>
      coloured && tone ? styleText(FORMATS[tone], text, { validateStream: false }) : text,
  };
}

/** Cells of one line, however few. */
export function columnsOf(
  { COLUMNS }: Readonly<Record<string, string | undefined>>,
  columns: number | undefined,
): number {
  return COLUMNS !== undefined && /^[1-9]\d{0,4}$/.test(COLUMNS)
    ? Number(COLUMNS)
    : (columns ?? USUAL_COLUMNS);
}

function wantsColours(
  { NO_COLOR, FORCE_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return !/^(0|false)$/.test(FORCE_COLOR);
  return isTerminal && TERM !== 'dumb';
}

/** A file, or a pipe: 80 columns, without colours. */
export const NO_TERMINAL: Terminal = terminalOf({}, undefined);
