import { describe, expect, test } from '@jest/globals';
import { patternsOfRegion, selectProjects } from '../../lib/policy/select-projects.ts';

const NAMES = [
  'eu-de_\u001b[31m',
  'eu-de_a/b',
  'eu-de_b',
  'eu-nl',
  'eu-de',
  'MOS',
  'eu-de_a',
  'eu-de2',
  'eu-de2_a',
  'eu-de-x',
];
const projects = NAMES.map((name) => ({ name }));
const select = (patterns: readonly string[], region = 'eu-de') => {
  const { here, selected, unmatched } = selectProjects(projects, patterns, region);
  const names = (these: readonly { name: string }[]) => these.map(({ name }) => name);
  return { here: names(here), selected: names(selected), unmatched };
};

test('the projects of a region are its own and those that were made in it, by name', () => {
  expect(select(['*']).here).toEqual(['eu-de', 'eu-de_a', 'eu-de_b']);
  expect(select(['*'], 'eu-de2').here).toEqual(['eu-de2', 'eu-de2_a']);
});

test.each([
  [['*'], ['eu-de', 'eu-de_a', 'eu-de_b'], []],
  [['eu-de'], ['eu-de'], []],
  [['*_b', 'eu-de'], ['eu-de', 'eu-de_b'], []],
  [['eu-de_[ac]', 'eu-de_c', 'eu-nl', 'EU-DE'], ['eu-de_a'], ['eu-de_c', 'eu-nl', 'EU-DE']],
])('%j chooses %j', (patterns, selected, unmatched) => {
  expect(select(patterns)).toMatchObject({ selected, unmatched });
});

test('many names are found among many projects', () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `eu-de_${i}`);
  const found = selectProjects(
    names.map((name) => ({ name })),
    [...names, 'eu-de_x'],
    'eu-de',
  );
  expect(found.selected).toHaveLength(100_000);
  expect(found.unmatched).toEqual(['eu-de_x']);
});

describe('of several regions', () => {
  test.each([
    ['eu-de', ['eu-de', 'eu-nl'], ['eu-de', 'eu-de_*', '*_a', 'eu-*', 'eu-de*']],
    ['eu-nl', ['eu-de', 'eu-nl'], ['*_a', 'eu-*', 'eu-nl', 'eu-nl_[ab]', 'eu-nl{,_a}']],
    [
      'eu-nl',
      ['eu-nl'],
      ['eu-de', 'eu-de_*', '*_a', 'eu-*', 'eu-nl', 'eu-nl_[ab]', 'eu-nl{,_a}', 'eu-de*'],
    ],
  ])('%s of %j leaves to the others what begins with their names', (region, regions, expected) => {
    const patterns = [
      'eu-de',
      'eu-de_*',
      '*_a',
      'eu-*',
      'eu-nl',
      'eu-nl_[ab]',
      'eu-nl{,_a}',
      'eu-de*',
    ];
    expect(patternsOfRegion(patterns, region, regions)).toEqual(expected);
  });

  test('one whose name begins with that of another may be meant by a pattern', () => {
    const regions = ['eu-west-1', 'eu-west-101'];
    const patterns = ['eu-west-1*', 'eu-west-1', 'eu-west-1_a'];
    expect(patternsOfRegion(patterns, 'eu-west-101', regions)).toEqual(['eu-west-1*']);
    expect(patternsOfRegion(patterns, 'eu-west-1', regions)).toEqual(patterns);
  });
});
