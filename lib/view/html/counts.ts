import type { Outcome, StoppedBy } from '../../model/outcome.ts';
import type { Counts } from '../../model/summary.ts';
import { number } from '../text.ts';
import { type Markup, markup } from './markup.ts';

/** Both equations of a count, for a reader who checks them. */
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
