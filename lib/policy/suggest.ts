import { listed, visible } from '../model/text.ts';

/** Pairs of letters that are compared at most: some 3,800 ids, a fraction of a second. */
const MOST_COMPARED = 5_000_000;

/**
 * The candidate that was probably meant: the one that differs least, by at most a third of its letters
 * (and always by one), upper and lower case alike. Undefined when none is near. Of very many candidates, only the
 * first are compared.
 */
export function suggest(written: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  let compared = 0;
  for (const candidate of candidates) {
    // A name that is so much longer or shorter is not a misspelling, and comparing long names takes time.
    if (Math.abs(candidate.length - written.length) > 3) continue;
    compared += written.length * candidate.length;
    if (compared > MOST_COMPARED) break;
    const distance = editDistance(written.toLowerCase(), candidate.toLowerCase());
    if (distance < least && distance <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Names of what there is, in one message. */
export const MAX_NAMES = 50;

/**
 * The message for a name that does not exist: with the one that was probably meant, and all that there are.
 * @param candidates what may have been meant.
 */
export function unknownName(
  kind: string,
  unknown: string,
  existing: readonly string[],
  candidates: readonly string[] = existing,
): string {
  const meant = suggest(unknown, candidates);
  const known = listed(existing, MAX_NAMES) || 'none';
  const hint = meant === undefined ? '' : ` (did you mean ${JSON.stringify(visible(meant))}?)`;
  return `unknown ${kind} ${JSON.stringify(visible(unknown))}${hint}; known ${kind}s: ${known}`;
}

/** Letters to insert, drop, replace, or swap with their neighbour to make `a` into `b`. */
function editDistance(a: string, b: string): number {
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  let beforeLast = last;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, at(beforeLast, j - 2) + 1);
      }
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
