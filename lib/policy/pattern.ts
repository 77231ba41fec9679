import picomatch from 'picomatch';

/** The text is no pattern that this program accepts. The message says why. */
export class PatternError extends Error {
  override name = 'PatternError';
}

/** Whether a text matches. */
export type Matcher = (text: string) => boolean;

/** A name may hold a line break. */
const FLAGS = 's';

const OPTIONS: picomatch.PicomatchOptions = {
  bash: true,
  dot: true,
  // [!ab] for [^ab].
  posix: true,
  nonegate: true,
  strictBrackets: true,
  windows: false,
  flags: FLAGS,
  // Without it, a pattern that is no regular expression silently matches nothing.
  debug: true,
};

/**
 * Compiles globs; a text matches when any of them does. `*` is any text, `?` any character, `[ab]` one of
 * them, `{a,b}` either. Case counts. What is matched is free text, not a path: slashes and dots are
 * characters like all others. A text that is a pattern, character for character, matches it, whatever the
 * pattern would mean.
 *
 * @throws {PatternError} when one cannot be compiled, or starts with `!`
 */
export function compilePatterns(patterns: readonly string[]): Matcher {
  const literal = new Set(patterns);
  const expression = new RegExp(patterns.map(toExpression).join('|'), FLAGS);
  return (text) => literal.has(text) || expression.test(asText(text));
}

function toExpression(pattern: string): string {
  if (pattern === '') throw new PatternError('an empty pattern matches nothing');
  const shown = JSON.stringify(pattern.length > 60 ? `${pattern.slice(0, 59)}…` : pattern);
  if (pattern.startsWith('!')) {
    throw new PatternError(`${shown} would match all that it does not name; name what is meant`);
  }
  try {
    return picomatch.makeRe(asText(pattern), OPTIONS).source;
  } catch (error) {
    // What the engine was given, stand-ins and all, tells a reader nothing.
    const message = error instanceof Error ? error.message : String(error);
    const reason = message.replace(/Invalid regular expression: .*\/s: /s, '');
    throw new PatternError(`${shown} is not a pattern: ${reason}`);
  }
}

/**
 * picomatch matches paths: `*` would not match `.`, `..` or what holds them as a segment, and quotes
 * would vanish from a pattern. Pattern and text therefore get stand-ins for slash and quote, and a first
 * character that is no dot. All are private-use characters, which no name has a reason to hold.
 */
function asText(text: string): string {
  return `\uE000${text.replaceAll('/', '\uE001').replaceAll('"', '\uE002')}`;
}
