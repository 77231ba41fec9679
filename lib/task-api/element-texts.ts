import { endOfString } from '../answers/repeated-keys.ts';

/**
 * The JSON of each element of an array, as it was written but for white space between its parts: `JSON.parse` changes
 * large numbers (1e400, 12345678901234567890), and what is archived has to be what came.
 * @param json of an object in which no key comes twice.
 * @param key of the array in it.
 */
export function elementTexts(json: string, key: string): readonly string[] {
  const texts: string[] = [];
  let depth = 0;
  let latestString = '';
  let isInArray = false;
  /** The element that is being read, up to `begin`. */
  let text = '';
  let begin = 0;
  const takeUpTo = (end: number, next: number) => {
    text += json.slice(begin, end);
    begin = next;
  };
  const endElement = (at: number) => {
    takeUpTo(at, at + 1);
    if (text !== '') texts.push(detached(text));
    text = '';
  };
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    switch (character) {
      case '"': {
        const end = endOfString(json, at);
        if (depth === 1) latestString = json.slice(at, end);
        at = end - 1;
        break;
      }
      case '{':
      case '[':
        if (depth === 1 && character === '[' && JSON.parse(latestString) === key) {
          isInArray = true;
          begin = at + 1;
        }
        depth += 1;
        break;
      case '}':
      case ']':
        depth -= 1;
        if (isInArray && depth === 1) {
          endElement(at);
          isInArray = false;
        }
        break;
      case ',':
        if (isInArray && depth === 2) endElement(at);
        break;
      case ' ':
      case '\t':
      case '\n':
      case '\r':
        if (isInArray) takeUpTo(at, at + 1);
        break;
    }
  }
  return texts;
}

/** A copy: V8 would keep the whole text for the sake of a part of it. */
function detached(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
