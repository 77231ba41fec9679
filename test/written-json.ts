import fc from 'fast-check';

/** White space that may stand between the parts of JSON. */
export const spaces = fc.constantFrom('', ' ', '\n', '\t \r\n');

/** JSON of a value with white space wherever it may stand, and with some characters of strings escaped. */
export function written(value: unknown, space: () => string, escapes: () => boolean): string {
  const around = (text: string) => `${space()}${text}${space()}`;
  if (Array.isArray(value)) {
    return around(`[${value.map((each) => written(each, space, escapes)).join(',') || space()}]`);
  }
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(
      ([key, each]) => `${written(key, space, escapes)}:${written(each, space, escapes)}`,
    );
    return around(`{${pairs.join(',') || space()}}`);
  }
  if (typeof value !== 'string') return around(JSON.stringify(value));
  const code = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const characters = JSON.stringify(value)
    .slice(1, -1)
    .replace(/\\?./gsu, (each) => (each.length === 1 && escapes() ? code(each) : each));
  return around(`"${characters}"`);
}
