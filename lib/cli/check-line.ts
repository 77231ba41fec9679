import { visible } from '../model/text.ts';
import { wrap } from '../view/terminal/wrap.ts';

/** What was looked at, and how that came out; `skipped` where it could not be looked at. */
export interface CheckLine {
  readonly name: string;
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly text: string;
}

const WORDS = { ok: 'ok  ', warning: 'warn', failed: 'FAIL', skipped: 'skip' } as const;

/** A check as a terminal shows it. */
export function checkLine({ name, outcome, text }: CheckLine, columns: number): string {
  return `${wrap(`  ${WORDS[outcome]}  `, visible(`${name}: ${text}`), columns).join('\n')}\n`;
}
