import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Queue } from '../../lib/run/queue.ts';

test('whoever has waited longest is the next, whoever comes meanwhile', () => {
  const steps = fc.array(fc.option(fc.nat(), { nil: 'take' as const }));
  fc.assert(
    fc.property(fc.array(fc.nat()), steps, (first, all) => {
      const queue = new Queue(first);
      const waiting = [...first];
      for (const step of all) {
        if (step === 'take') expect(queue.take()).toBe(waiting.shift());
        else {
          queue.push(step);
          waiting.push(step);
        }
        expect(queue.length).toBe(waiting.length);
      }
    }),
  );
});
