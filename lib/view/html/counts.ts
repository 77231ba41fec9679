import type { Outcome, StoppedBy } from '../../model/outcome.ts';
import type { Counts } from '../../model/summary.ts';
import { number } from '../text.ts';
import { type Markup, markup } from './markup.ts';

/** Both equations of a count, for a reader who checks them. */
export function equations(counts: Counts, dryRun: boolean, heldBack: number): Markup {
  const { listed, kept, expired, deleted, alreadyGone, failed, remaining } = counts;
  const parts = dryRun
    ? [
        [remaining - heldBack, 'would go'],
        [heldBack, 'held back'],
      ]
    : [
        [deleted, 'deleted'],
        [alreadyGone, 'already gone'],
        [failed, 'failed'],
        [remaining - heldBack, 'remaining'],
        ...(heldBack > 0 ? [[heldBack, 'held back']] : []),
      ];
  return markup`<ul class="equations">
<li><b>${number(listed)}</b> listed = <b class="is-kept">${number(kept)}</b> kept + <b class="is-expired">${number(expired)}</b> expired</li>
<li><b class="is-expired">${number(expired)}</b> expired = ${parts.map(([count, word], index) => markup`${index > 0 ? ' + ' : ''}<b>${number(count as number)}</b> ${word}`)}</li>
</ul>`;
}

/** How a run, a target or an instance ended. */
export function badge(outcome: Outcome, stoppedBy?: StoppedBy): Markup {
  const text = stoppedBy ? `${outcome}: stopped by ${stoppedBy}` : outcome;
  return markup`<span class="badge ${outcome}">${text}</span>`;
}
