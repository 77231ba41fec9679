/**
 * Whether an object in a JSON text has a key twice. `JSON.parse` takes the last of them, and nobody knows which is meant.
 * @param value what `JSON.parse` makes of the text.
 */
export function hasRepeatedKeys(json: string, value: unknown): boolean {
  return countColons(json) !== countKeys(value);
}

/** The keys of all objects in a value, however deep. */
function countKeys(value: unknown): number {
  let count = 0;
  const left = [value].filter(isInside);
  while (left.length > 0) {
    const next = left.pop();
    if (Array.isArray(next)) {
      for (const each of next) if (isInside(each)) left.push(each);
    } else {
      // Without a list of them: there may be a million rows.
      for (const key in next as object) {
        count += 1;
        const each = (next as Record<string, unknown>)[key];
        if (isInside(each)) left.push(each);
      }
    }
  }
  return count;
}

function isInside(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

const [QUOTE, COLON, BACKSLASH] = [0x22, 0x3a, 0x5c];

/** The colons outside of strings: one behind each key. */
function countColons(json: string): number {
  let count = 0;
  for (let at = 0; at < json.length; at += 1) {
    // By its number, which takes less time: a page may have megabytes.
    const character = json.charCodeAt(at);
    if (character === COLON) count += 1;
    else if (character === QUOTE) at = endOfString(json, at) - 1;
  }
  return count;
}

/** The place after the quote that ends the string which begins at `at`. */
export function endOfString(json: string, at: number): number {
  let end = at + 1;
  for (;;) {
    const character = json.charCodeAt(end);
    if (character === QUOTE) return end + 1;
    end += character === BACKSLASH ? 2 : 1;
  }
}
