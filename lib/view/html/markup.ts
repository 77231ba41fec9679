import { visible } from '../../model/text.ts';
import { numberOf } from '../text.ts';

/** Text that is HTML already. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

type Value = string | number | Markup | undefined | readonly (Markup | undefined)[];

/** HTML. Values are escaped unless they are HTML already; `undefined` adds nothing. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(
    parts.map((part, i) => part + (i < values.length ? render(values[i]) : '')).join(''),
  );
}

function render(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'object') return value.map(render).join('');
  return escaped(visible(String(value)));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/**
 * A list of which only the first items are open; the others are folded away.
 * @param noun what one item is.
 * @param className of the list.
 */
export function foldedList(
  items: readonly Markup[],
  open: number,
  noun: string,
  className?: string,
): Markup {
  const begin = className === undefined ? markup`<ul>` : markup`<ul class="${className}">`;
  const folded = items.slice(open);
  return markup`${begin}${items.slice(0, open)}</ul>${folded.length > 0 ? markup`<details><summary>${numberOf(folded.length, `more ${noun}`)}</summary>${begin}${folded}</ul></details>` : undefined}`;
}

/** The lines of a text, for a <pre>; within them nothing is obeyed either. */
export function preformatted(text: string): Markup {
  const lines = text.split('\n').map((line) => line.replaceAll('\t', '  '));
  return new Markup(lines.map((line) => escaped(visible(line))).join('\n'));
}

/** A value as JSON for a script element; no text in it can end the element. */
export function embeddedJson(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'));
}
