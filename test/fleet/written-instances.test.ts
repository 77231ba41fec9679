import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newInstance } from '../../lib/fleet/known.ts';
import {
  readInstances,
  type WrittenInstance,
  WrittenInstances,
} from '../../lib/fleet/written-instances.ts';

const idsIn = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { maxLength: 8 });
/** How an instance stands at some time: each id is in one list at most. */
const standing = fc
  .tuple(fc.constantFrom('one', 'two'), idsIn, fc.nat(8), fc.boolean())
  .map(([target, ids, cut, isWhole]) => ({
    isWhole,
    known: {
      ...newInstance(target, { id: '5560df16', name: 'prod' }),
      unclear: ids.slice(0, cut),
      saidGone: ids.slice(cut),
      lastTurn: cut,
    },
  }));

test('what is read is what was written last, however it changed', () => {
  fc.assert(
    fc.property(fc.array(standing, { minLength: 1, maxLength: 12 }), (standings) => {
      const written = new WrittenInstances();
      const entries: WrittenInstance[] = standings.map(({ known, isWhole }) =>
        isWhole ? written.whole(known) : written.changed(known),
      );
      const last = new Map(standings.map(({ known }) => [known.target, known]));
      const read = [...readInstances(JSON.parse(JSON.stringify(entries))).values()];
      expect(read).toHaveLength(last.size);
      for (const { unclear, saidGone, ...rest } of read) {
        const {
          unclear: open,
          saidGone: gone,
          ...expected
        } = last.get(rest.target) as never as typeof rest & {
          unclear: string[];
          saidGone: string[];
        };
        expect(rest).toEqual(expected);
        expect([...unclear].sort()).toEqual([...open].sort());
        expect([...saidGone].sort()).toEqual([...gone].sort());
      }
    }),
  );
});

test('an entry has no id that the entry before has', () => {
  const written = new WrittenInstances();
  const known = newInstance('one', { id: '5560df16', name: 'prod' });
  written.whole({ ...known, unclear: ['a', 'b'], saidGone: ['c'] });
  const entry = written.changed({ ...known, unclear: ['b', 'c', 'd'], saidGone: ['e'] });
  expect(entry).toEqual({ ...known, unclear: ['c', 'd'], saidGone: ['e'], dropped: ['a', 'c'] });
});
