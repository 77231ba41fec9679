import type { Observer } from './observer.ts';

/**
 * What a run talks to: the observer, with every warning collected for the summary too. An observer
 * that throws must not cost the run its summary, so that becomes a warning, the first time.
 * @param warnings receives them.
 */
export function watch(observer: Observer, warnings: string[]): Observer {
  const broken = new Set<string | symbol>();
  return new Proxy(observer, {
    get: (watcher, event: keyof Observer) => {
      const method = watcher[event] as ((...values: unknown[]) => void) | undefined;
      if (!method && event !== 'warning') return undefined;
      return (...values: unknown[]) => {
        if (event === 'warning') {
          const [message, target] = values;
          warnings.push(target ? `${target}: ${message}` : String(message));
        }
        try {
          method?.apply(watcher, values);
        } catch (error) {
          if (!broken.has(event)) warnings.push(`not reported (${event}): ${String(error)}`);
          broken.add(event);
        }
      };
    },
  });
}
