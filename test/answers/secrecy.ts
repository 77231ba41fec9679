import { type Conceal, Secrecy } from '../../lib/answers/conceal.ts';

/** Takes these secrets out of a text. */
export function concealer(secrets: Iterable<string>): Conceal {
  const secrecy = new Secrecy(new Set(secrets));
  return (text) => secrecy.conceal(text);
}

/** Tells whether a name or an id holds one of these secrets. */
export function revealer(secrets: Iterable<string>): (text: string) => boolean {
  const secrecy = new Secrecy(new Set(secrets));
  return (text) => secrecy.revealer()(text);
}
