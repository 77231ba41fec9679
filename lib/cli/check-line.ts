import { type Io, print } from './io.ts';

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
