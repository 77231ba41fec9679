import { counted, type RequestCounts } from '../../model/summary.ts';
import type { Observer } from '../../run/observer.ts';

/** Milliseconds between two drawings of the line. */
const INTERVAL_MS = 100;
/** Milliseconds of deleting before a rate, and what it promises, mean anything. */
const WARM_UP_MS = 2_000;
const CLEAR_LINE = '\r\u001b[K';

/** The terminal that a line of progress is drawn on, and its clock. */
export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Milliseconds, by the clock that does not step. */
  readonly now: () => number;
  /** Cells of one line, whenever it is asked: somebody may change the window. */
  readonly columns: () => number;
  /** Targets of the policy. */
  readonly targets: number;
}

/** One line on a terminal, at any width, that tells how far a run has come; nothing of it stays there. */
export function progressLine({ write, now, columns, targets }: ProgressOptions): {
  observer: Observer;
  clear: () => void;
} {
  let instances = 0;
  let done = 0;
  let expired = 0;
  let settled = 0;
  let requests: () => RequestCounts = () => ({ sent: 0, retried: 0, throttled: 0 });
  let isDryRun = false;
  let deletingSince: number | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  const print = (parts: readonly string[]) =>
    write(`${CLEAR_LINE}${fitting(parts, columns() - 1)}`);
  const draw = () => {
    if (now() - drawnAt < INTERVAL_MS) return;
    drawnAt = now();
    const { retried } = requests();
    print([
      `${done} of ${counted(instances, 'instance')}`,
      expired === 0
        ? 'listing records'
        : isDryRun
          ? `${counted(expired, 'record')} would go`
          : `${settled} of ${counted(expired, 'record')}`,
      ...(deletingSince === undefined ? [] : pace(now() - deletingSince, settled, expired)),
      ...(retried > 0 ? [`${retried} repeated`] : []),
    ]);
  };
  return {
    observer: {
      started: ({ dryRun }) => {
        isDryRun = dryRun;
        print([`listing the instances of ${counted(targets, 'target')}`]);
      },
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

/** As many of the parts as fit; the first one is cut short if it must be. */
function fitting([first = '', ...others]: readonly string[], cells: number): string {
  let line = first.slice(0, Math.max(0, cells));
  for (const part of others) {
    if (line.length + 2 + part.length > cells) break;
    line += `, ${part}`;
  }
  return line;
}

/** Records a second, and the time that those known by now will take. */
function pace(elapsedMs: number, settled: number, expired: number): string[] {
  if (elapsedMs < WARM_UP_MS) return [];
  const perSecond = settled / (elapsedMs / 1_000);
  const left = Math.ceil((expired - settled) / perSecond);
  const shown = left < 60 ? `${left} s` : `${Math.ceil(left / 60)} min`;
  return [`${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`, `about ${shown} left`];
}
