import { type Conceal, Secrecy } from '../../lib/answers/conceal.ts';

/** These secrets as one set. */
export function secrecyOf(...secrets: string[]): Secrecy {
  return new Secrecy(new Set(secrets));
}

/** Takes these secrets out of a text. */
export function concealer(secrets: Iterable<string>): Conceal {
  const secrecy = secrecyOf(...secrets);
  return (text) => secrecy.conceal(text);
}

/** Tells whether a name or an id holds one of these secrets. */
export function revealer(secrets: Iterable<string>): (text: string) => boolean {
  const secrecy = secrecyOf(...secrets);
  return (text) => secrecy.revealer()(text);
}
