import { describe, expect, test } from '@jest/globals';
import { FormatError } from '../../lib/model/error.ts';
import {
  compileClaim,
  type InstanceSelection,
  selectInstances,
} from '../../lib/policy/select-instances.ts';

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

  describe('by what has the form of an id', () => {
    const [ID, OTHER] = [
      '5560df16-cebf-4473-95c4-d1b573c16e79',
      'a560df16-cebf-4473-95c4-d1b573c16e79',
    ] as const;
    const POSING = [
      { id: ID, name: 'mine' },
      { id: OTHER, name: ID },
    ];

    test('selects the instance of that id, and none that is named like it', () => {
      expect(selectInstances(POSING, { include: [ID] }).selected).toEqual([POSING[0]]);
      expect(selectInstances(POSING, {}, [ID]).selected).toEqual([POSING[0]]);
      const gone = selectInstances(POSING.slice(1), { include: [ID] }, [ID]);
      expect(gone).toMatchObject({ selected: [], unmatched: [ID], unmatchedNarrowing: [ID] });
      // Other clouds may have ids of another form.
      const short = [...ALL, { id: '99-zz', name: '11-aa' }];
      expect(names(selectInstances(short, { include: ['11-aa'] }))).toBe('11');
    });

    test('excludes both: what is to be kept stays, however it was meant', () => {
      const found = selectInstances(POSING, { exclude: [ID] });
      expect(found).toMatchObject({ selected: [], nameless: [], unmatched: [] });
    });

    test('excludes in capital letters too, and selects as it is written alone', () => {
      const capitals = ID.toUpperCase();
      const excluded = selectInstances(POSING, { exclude: [capitals] });
      expect(excluded).toMatchObject({ selected: [POSING[1]], unmatched: [] });
      const listed = [{ id: capitals, name: 'mine' }];
      expect(selectInstances(listed, { exclude: [ID] }).selected).toEqual([]);
      const included = selectInstances(POSING, { include: [capitals] });
      expect(included).toMatchObject({ selected: [], unmatched: [capitals] });
    });
  });

  test.each([
    ['caf\u00e9', 'cafe\u0301'],
    ['cafe\u0301', 'caf\u00e9'],
    ['caf?', 'cafe\u0301'],
    ['prod', ' prod\u00a0'],
    ['prod-*', '\u200bprod-a'],
    ['[!a]', '\u0085b'],
    ['prod-canary2', 'prod-\ufe0fcan\u034far\u3164y\u{e0101}2\u2800\u{1d159}\u{16fe4}'],
    ['prod canary 2', 'prod\u00a0canary \u2003 2'],
    ['prod \u200b canary2\u00a0', 'prod canary2'],
    ['e\u0301t\u00e9', '\u00e9te\u0301'],
    ['\u2126', '\u03a9'],
  ])('%j excludes %j, which looks the same, and does not select it', (pattern, name) => {
    const instances = [...ALL, { id: '66-ff', name }];
    expect(names(selectInstances(instances, { include: ['66-ff'], exclude: [pattern] }))).toBe('');
    expect(names(selectInstances(instances, { include: [pattern] }))).not.toContain('66');
    expect(names(selectInstances(instances, { exclude: ['Prod*', 'PROD', 'cafe'] }))).toContain(
      '66',
    );
  });

  test('an instance without a name is not excluded by a pattern, but left alone', () => {
    const { selected, nameless } = selectInstances(ALL, { exclude: ['*'] });
    expect(selected).toEqual([]);
    expect(nameless).toEqual([ALL[4]]);
  });

  describe('an instance without a name', () => {
    const UUID = '5560df16-cebf-4473-95c4-d1b573c16e79';
    const named = ALL.slice(0, 4);
    test.each<[string, string | undefined]>([
      ['none', undefined],
      ['an empty one', ''],
    ])('that has %s is left alone where a name decides, and not where its id does', (_, name) => {
      const nameless = { id: '55-ee', name };
      const all = [...named, nameless];
      const chosen = (include?: string[], asked?: string[], exclude?: string[]) => {
        const found = selectInstances(all, { include, exclude }, asked);
        return [found.selected.includes(nameless), found.nameless.includes(nameless)];
      };
      expect(chosen()).toEqual([true, false]);
      expect(chosen(['prod-*'])).toEqual([false, true]);
      expect(chosen(['*'])).toEqual([false, true]);
      expect(chosen(['prod-*', '55-ee'])).toEqual([true, false]);
      expect(chosen(['11-aa'])).toEqual([false, false]);
      expect(chosen(undefined, ['prod-*'])).toEqual([false, true]);
      expect(chosen(undefined, ['*'])).toEqual([false, true]);
      expect(chosen(undefined, ['55-ee', 'prod-*'])).toEqual([true, false]);
      expect(chosen(undefined, ['11-aa'])).toEqual([false, false]);
      expect(chosen(undefined, [])).toEqual([false, false]);
      expect(chosen(undefined, undefined, ['prod-*'])).toEqual([false, true]);
      expect(chosen(['55-ee'], undefined, ['prod-*'])).toEqual([false, true]);
      expect(chosen(undefined, undefined, [UUID])).toEqual([true, false]);
      expect(chosen(undefined, undefined, ['55-ee'])).toEqual([false, false]);
      expect(chosen(undefined, undefined, ['55-ee', 'prod-*'])).toEqual([false, false]);
      // It may be a name, although another instance has it as its id.
      expect(chosen(undefined, undefined, ['11-aa'])).toEqual([false, true]);
    });
  });

  test('refuses what is no pattern', () => {
    expect(() => selectInstances(ALL, {}, ['prod-[a'])).toThrow(FormatError);
  });
});

describe('claiming instances', () => {
  const UUID = '5560df16-cebf-4473-95c4-d1b573c16e79';
  const all = [...ALL, { id: UUID, name: 'named' }, { id: '66-ff', name: 'Prod-A' }];
  const ids = new Set(all.map(({ id }) => id));
  const claimed = (selection?: InstanceSelection) => {
    const claims = compileClaim(selection);
    return all.flatMap((each) => (claims(each, ids) ? each.id.slice(0, 2) : [])).join(' ');
  };

  test('claims every one where the policy names none', () => {
    expect(claimed()).toBe('11 22 33 44 55 55 66');
    expect(claimed({ exclude: [UUID.toUpperCase(), '22-BB'] })).not.toMatch(/22|55 55/);
  });

  test('claims what only looks like a name that is included, and what is named as an id that is', () => {
    expect(claimed({ include: ['prod-\u200ba'] })).toBe('11 55');
    expect(compileClaim({ include: [UUID] })({ id: 'x', name: UUID }, ids)).toBe(true);
    expect(claimed({ include: [UUID.toUpperCase()] })).toBe('55');
  });

  test('claims one without a name where a name may be meant, unless its id tells', () => {
    const nameless = { id: '55-ee' };
    const claims = (selection: InstanceSelection) => compileClaim(selection)(nameless, ids);
    expect(claims({ include: ['prod-*'] })).toBe(true);
    // Each is the id of some instance, or has the form of one.
    expect(claims({ include: ['11-aa', UUID] })).toBe(false);
    expect(claims({ include: ['11-aa', 'prod-*'] })).toBe(true);
    expect(claims({ include: ['prod-*', '55-ee'], exclude: [UUID] })).toBe(true);
    expect(claims({ include: ['11-aa'], exclude: ['11-aa'] })).toBe(true);
    expect(claims({ exclude: ['55-ee'] })).toBe(false);
    expect(claims({ include: ['prod-*'], exclude: ['55-ee'] })).toBe(true);
  });

  test.each<InstanceSelection>([
    { include: ['prod-*', '44-dd'] },
    { include: ['prod-*'], exclude: ['*-b', '33-cc'] },
    { exclude: ['test'] },
    { include: ['22-bb'], exclude: ['22-bb'] },
  ])(
    'claims all that it selects, and all that it leaves alone for want of a name: %j',
    (selection) => {
      const { selected, nameless } = selectInstances(all, selection);
      const claims = compileClaim(selection);
      for (const each of [...selected, ...nameless]) expect(claims(each, ids)).toBe(true);
    },
  );

  test('refuses what is no pattern', () => {
    expect(() => compileClaim({ include: ['{a'] })).toThrow(FormatError);
  });
});
