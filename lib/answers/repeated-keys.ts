/**
 * Whether an object in a JSON text has a key twice. `JSON.parse` takes the last of them, and nobody knows which is meant.
 * @param value what `JSON.parse` makes of the text.
 */
export function hasRepeatedKeys(json: string, value: unknown): boolean {
  const keys = countKeys(value);
  return countNearColons(json) !== keys && countColons(json) !== keys;
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

/**
 * The colons right behind a quote, in little time. That is as many as there are keys, unless there is one in a string;
 * `NaN` where white space before another one may hide a key.
 */
function countNearColons(json: string): number {
  let count = 0;
  for (let at = json.indexOf(':'); at !== -1; at = json.indexOf(':', at + 1)) {
    const before = json[at - 1] as string;
    if (before === '"') count += 1;
    else if (before <= ' ') return Number.NaN;
  }
  return count;
}

/** The colons outside of strings: one behind each key. */
function countColons(json: string): number {
  let count = 0;
  for (let at = 0; at < json.length; at += 1) {
    if (json[at] === ':') count += 1;
    if (json[at] === '"') at = endOfString(json, at) - 1;
  }
  return count;
}

/** The place after the quote that ends the string which begins at `at`. */
export function endOfString(json: string, at: number): number {
  let end = at + 1;
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return end + 1;
}
