import type { Clock } from '../http/clock.ts';
import { JanitorError } from '../model/error.ts';
import type { Outcome } from '../model/outcome.ts';
import { visible } from '../model/text.ts';
import { type Terminal, terminalOf } from '../view/terminal/terminal.ts';
import { wrap } from '../view/terminal/wrap.ts';

/** The exit statuses of the process. */
export const EXIT = {
  complete: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  /** Of a plan with `--exit-code`: something would go. */
  wouldDelete: 4,
  /** Ended by a signal, whatever else happened. */
  interrupted: 130,
} as const satisfies Record<Outcome | 'usage' | 'wouldDelete' | 'interrupted', number>;

/** A command's surroundings. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output: what was asked for, and nothing else. */
  readonly out: (text: string) => void;
  /** Characters that were written there, and that nobody has read yet. */
  readonly unread: () => number;
  /** Standard output will hold a document that is worth nothing in part: whoever stops reading it has not got it. */
  readonly requireReader: () => void;
  /** Standard error: logs, progress, problems. */
  readonly err: (text: string) => void;
  /** Whether standard error is a terminal that somebody looks at. */
  readonly interactive: boolean;
  /** Cells in a line of standard output or standard error; absent where that is no terminal. */
  readonly columns: (stream: 'out' | 'err') => number | undefined;
  /** The system's, unless a test goes by another one. */
  readonly clock: Clock;
  /**
   * Asks whoever sits at the terminal; `undefined` when no answer will come. Absent where there is no terminal to
   * ask at.
   */
  readonly ask?: ((question: string) => Promise<string | undefined>) | undefined;
  /** Called with a handler for SIGINT, SIGTERM and SIGHUP. */
  readonly onSignal: (handler: () => void) => void;
  /** Ends the process at once. */
  readonly exit: (status: number) => void;
  /** When the process began, in milliseconds by the clock that never steps: `--max-duration` counts from there. */
  readonly begunAt: number;
  /** Of this program, such as 1.2.3. */
  readonly version: string;
}

/** Standard output, or standard error, as text for a person has to fit it. */
export function terminalOn(stream: 'out' | 'err', { env, columns }: Io): Terminal {
  return terminalOf(env, columns(stream));
}

/**
 * Prints text for a person on standard output, in lines that fit it.
 * @param lead stands before the first line, as {@link wrap} has it.
 */
export function print(io: Io, text: string, lead = ''): void {
  io.out(`${wrap(lead, visible(text), terminalOn('out', io).proseColumns).join('\n')}\n`);
}

/** Prints an error on standard error, line by line. */
export function printError(io: Io, message: string): void {
  io.err(`${message.split('\n').map(visible).join('\n')}\n`);
}

/** One thing that was looked at, and how that came out; `skipped` where it could not be looked at. */
export interface CheckLine {
  readonly name: string;
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly text: string;
}

const WORDS = { ok: 'ok  ', warning: 'warn', failed: 'FAIL', skipped: 'skip' } as const;

export function printCheck(io: Io, { name, outcome, text }: CheckLine): void {
  print(io, `${name}: ${text}`, `  ${WORDS[outcome]}  `);
}

/** The command was used wrongly; the message says how to use it. */
export class UsageError extends JanitorError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super('usage', message);
  }
}
