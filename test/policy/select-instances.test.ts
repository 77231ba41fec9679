import { describe, expect, test } from '@jest/globals';
import { PatternError } from '../../lib/policy/pattern.ts';
import { selectInstances } from '../../lib/policy/select-instances.ts';

const ALL = [
  { id: '11-aa', name: 'prod-a' },
  { id: '22-bb', name: 'prod-b' },
  { id: '33-cc', name: 'prod-canary' },
  { id: '44-dd', name: 'test' },
  { id: '55-ee', name: undefined },
];
const names = (result: { selected: readonly { id: string }[] }) =>
  result.selected.map(({ id }) => id.slice(0, 2)).join(' ');

describe('selecting instances', () => {
  test('selects every one when the policy names none', () => {
    expect(names(selectInstances(ALL))).toBe('11 22 33 44 55');
    expect(names(selectInstances(ALL, {}))).toBe('11 22 33 44 55');
  });

  test('selects by exact id, by name and by name pattern, in the order of the list', () => {
    expect(names(selectInstances(ALL, { include: ['test', 'prod-*'] }))).toBe('11 22 33 44');
    expect(names(selectInstances(ALL, { include: ['55-ee', '11-aa'] }))).toBe('11 55');
  });

  test('a pattern never matches an id in part', () => {
    expect(selectInstances(ALL, { include: ['11*', '11-a'] })).toMatchObject({
      selected: [],
      unmatched: ['11*', '11-a'],
      unmatchedNarrowing: [],
    });
  });

  test('exclude wins over include, by id and by name', () => {
    const selection = { include: ['prod-*'], exclude: ['prod-canary', '22-bb'] };
    expect(names(selectInstances(ALL, selection))).toBe('11');
    expect(names(selectInstances(ALL, { exclude: ['*'] }))).toBe('');
  });

  test('reports what matches nothing, among the excluded too: a typo there protects nobody', () => {
    const selection = { include: ['prod-*', 'stage-*'], exclude: ['prod-canry'] };
    expect(selectInstances(ALL, selection).unmatched).toEqual(['stage-*', 'prod-canry']);
  });

  test('a run can only narrow what the policy selects', () => {
    const selection = { include: ['prod-*'], exclude: ['prod-canary'] };
    const narrowed = selectInstances(ALL, selection, ['prod-a', 'test', 'prod-canary', '33-cc']);
    expect(names(narrowed)).toBe('11');
    expect(narrowed.unmatched).toEqual([]);
    expect(narrowed.unmatchedNarrowing).toEqual(['test', 'prod-canary', '33-cc']);
  });

  test('a run that asks for no instance at all gets none', () => {
    expect(names(selectInstances(ALL, {}, []))).toBe('');
  });

  test('refuses what is no pattern', () => {
    expect(() => selectInstances(ALL, {}, ['prod-[a'])).toThrow(PatternError);
  });
});
