import type { RequestCounts } from '../../model/summary.ts';
import type { Observer } from '../../run/observer.ts';

/** Milliseconds between two drawings of the line. */
const INTERVAL_MS = 100;
/** Milliseconds of deleting before a rate, and what it promises, mean anything. */
const WARM_UP_MS = 2_000;
const CLEAR_LINE = '\r\u001b[K';

/**
 * One line on a terminal that tells how far a run has come; nothing of it stays there.
 * @param now milliseconds since the epoch.
 */
export function progressLine(
  write: (text: string) => void,
  now: () => number,
): { observer: Observer; clear: () => void } {
  let instances = 0;
  let done = 0;
  let expired = 0;
  let settled = 0;
  let requests: () => RequestCounts = () => ({ sent: 0, retried: 0, throttled: 0 });
  let deletingSince: number | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = () => {
    if (now() - drawnAt < INTERVAL_MS) return;
    drawnAt = now();
    const { retried } = requests();
    const parts = [
      `${done} of ${instances} instances`,
      `${settled} of ${expired} records`,
      ...(deletingSince === undefined ? [] : pace(now() - deletingSince, settled, expired)),
      ...(retried > 0 ? [`${retried} repeated`] : []),
    ];
    write(`${CLEAR_LINE}${parts.join(', ').slice(0, 79)}`);
  };
  return {
    observer: {
      discovered: (count, counts) => {
        instances = count;
        requests = counts;
        draw();
      },
      decided: (_target, _instance, _tasks, decisions) => {
        expired += decisions.filter(({ action }) => action === 'delete').length;
        draw();
      },
      settled: () => {
        deletingSince ??= now();
        settled += 1;
        draw();
      },
      instanceDone: () => {
        done += 1;
        draw();
      },
    },
    clear: () => write(CLEAR_LINE),
  };
}

/** Records a second, and the time that those known by now will take. */
function pace(elapsedMs: number, settled: number, expired: number): string[] {
  if (elapsedMs < WARM_UP_MS) return [];
  const perSecond = settled / (elapsedMs / 1_000);
  const left = Math.ceil((expired - settled) / perSecond);
  const shown = left < 60 ? `${left} s` : `${Math.ceil(left / 60)} min`;
  return [`${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`, `about ${shown} left`];
}
