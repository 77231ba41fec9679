/** Takes secrets out of a text before anybody sees it. */
export type Conceal = (text: string) => string;

/** Replaces each secret, also where it stands escaped in JSON: a server may repeat what it was sent. */
export function concealer(secrets: Iterable<string>): Conceal {
  const forms = [...secrets].flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  // The longest first: one may be part of another, as `summer` is of `summer25`.
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) =>
    longestFirst.reduce((result, secret) => result.replaceAll(secret, '[secret]'), text);
}
