import { counted, number } from '../text.ts';
import { type Markup, markup } from './markup.ts';

/** Targets that the contents show at once; the others are folded away. */
const OPEN_TARGETS = 12;

/** A section of the page, and how many things are in it. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly count?: number | undefined;
}

/** The table of contents. Sections without anything in them are left out. */
export function contents(sections: readonly Entry[], targets: readonly Entry[]): Markup {
  const folded = targets.slice(OPEN_TARGETS);
  return markup`<nav aria-label="Contents"><ul>${sections.filter(({ count }) => count !== 0).map(entry)}</ul>
<ul class="targets">${targets.slice(0, OPEN_TARGETS).map(entry)}</ul>${folded.length > 0 ? markup`<details><summary>${counted(folded.length, 'more target')}</summary><ul class="targets">${folded.map(entry)}</ul></details>` : undefined}</nav>`;
}

function entry({ id, title, count }: Entry): Markup {
  return markup`<li><a href="#${id}"><bdi>${title}</bdi></a>${count === undefined ? undefined : markup` <span class="count">${number(count)}</span>`}</li>`;
}
