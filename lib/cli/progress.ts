import type { Observer } from '../run/observer.ts';

/** Milliseconds between two drawings of the line. */
const INTERVAL_MS = 100;
const CLEAR_LINE = '\r\u001b[K';

/** One line on a terminal that tells how far a run has come; nothing of it stays there. */
export function progressLine(
  write: (text: string) => void,
  now: () => number,
): { observer: Observer; clear: () => void } {
  let instances = 0;
  let done = 0;
  let expired = 0;
  let settled = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = () => {
    if (now() - drawnAt < INTERVAL_MS) return;
    drawnAt = now();
    write(`${CLEAR_LINE}${done} of ${instances} instances, ${settled} of ${expired} records`);
  };
  return {
    observer: {
      discovered: (count) => {
        instances = count;
        draw();
      },
      decided: (_target, _instance, _tasks, decisions) => {
        expired += decisions.filter(({ action }) => action === 'delete').length;
        draw();
      },
      settled: () => {
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
