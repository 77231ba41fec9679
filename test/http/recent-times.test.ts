import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RecentTimes } from '../../lib/http/recent-times.ts';

test('what is counted is what came within the time before now', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 120 }), { maxLength: 500 }), (gaps) => {
      const recent = new RecentTimes(1_000);
      const all: number[] = [];
      let now = 5_000;
      for (const gap of gaps) {
        now += gap;
        recent.add(now);
        all.push(now);
        const within = all.filter((at) => at > now - 1_000);
        expect(recent.count(now)).toBe(within.length);
        expect(recent.opensAt).toBe((within[0] as number) + 1_000);
      }
      expect(recent.count(now + 1_000)).toBe(0);
    }),
  );
});
