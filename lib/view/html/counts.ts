import type { Counts, Outcome, StoppedBy } from '../../model/summary.ts';
import { type Markup, markup } from './markup.ts';

/** Both equations of a count, so that a reader can add up for himself. */
export function equations(counts: Counts): Markup {
  const { listed, kept, expired, deleted, alreadyGone, failed, remaining } = counts;
  return markup`<ul class="equations">
<li><b>${number(listed)}</b> listed = <b class="is-kept">${number(kept)}</b> kept + <b class="is-expired">${number(expired)}</b> expired</li>
<li><b class="is-expired">${number(expired)}</b> expired = <b>${number(deleted)}</b> deleted + <b>${number(alreadyGone)}</b> already gone + <b>${number(failed)}</b> failed + <b>${number(remaining)}</b> remaining</li>
</ul>`;
}

/** How a run, a target or an instance ended. */
export function badge(outcome: Outcome, stoppedBy?: StoppedBy): Markup {
  const text = stoppedBy ? `${outcome}: stopped by ${stoppedBy}` : outcome;
  return markup`<span class="badge ${outcome}">${text}</span>`;
}

/** `12,345` */
export function number(value: number): string {
  return value.toLocaleString('en');
}
