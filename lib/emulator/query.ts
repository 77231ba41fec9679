/** Decoded query parameters; the first of several with one name. */
export type Query = Readonly<Record<string, string>>;

/**
 * Decoded pairs of a raw query string, in the order of the wire. `+` stays a plus sign: the clouds'
 * canonical form knows only `%20`, and a client that sends `+` for a space must notice.
 */
export function parseQuery(raw: string): (readonly [name: string, value: string])[] {
  if (raw === '') return [];
  return raw
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      if (equals === -1) return [decode(part), ''];
      return [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
    });
}

/** Percent-decoding that leaves a malformed sequence as it is. */
export function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Percent-encoding of everything but RFC 3986's unreserved characters, in upper-case hex. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
