import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { readCleanMessage, readSummariseMessage } from '../../lib/fleet/messages.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { compilePatterns } from '../../lib/policy/pattern.ts';
import { policyFolder } from '../on-disk.ts';
import { policyText } from '../policies.ts';
import { blocks } from './markdown.ts';

const page = await readFile('docs/upgrading.md', 'utf8');

/** A pattern of 0.1.0, a name that it matched, a name that it matches now, and what the page says to write instead. */
const CHANGED = [
  ['(a|b)', 'a', '(a|b)', '{a,b}'],
  ['@(a|b)', 'b', '@(a|b)', '{a,b}'],
  ['+(a|b)', 'abba', '+(a|b)', '*'],
  ['?(a)', '', 'x(a)', undefined],
  ['[^a]', 'x', '^', '[!a]'],
  ['[[:digit:]]', '7', ':]', '[0-9]'],
  ['a[1]', 'a[1]', 'a1', 'a[[]1]'],
  ['a\\*', 'a*', 'a\\x', 'a[*]'],
  ['!a', undefined, '!a', undefined],
] as const;

test.each(CHANGED)('%s matches what the page says', (pattern, before, now, instead) => {
  expect(page).toContain(`\`${pattern.replace('|', '\\|')}\``);
  const matches = compilePatterns([pattern]);
  expect(matches(now)).toBe(true);
  if (before !== undefined) expect(matches(before)).toBe(false);
  if (instead === undefined || before === undefined) return;
  expect(page).toContain(`\`${instead}\``);
  expect(compilePatterns([instead])(before)).toBe(true);
});

test('a range in braces is an error, and what stands beside it is none', () => {
  expect(() => compilePatterns(['{1..3}'])).toThrow('{ without a comma');
  for (const instead of ['[1-3]', '{1,2,3}']) expect(compilePatterns([instead])('2')).toBe(true);
});

test('the search finds every pattern that has changed but one, and none of the others', async () => {
  const [search = ''] = blocks(page, 'sh').filter((block) => block.includes('grep -nE'));
  const folder = await policyFolder();
  const patterns = [...CHANGED.map(([pattern]) => pattern), '{1..3}'];
  const same = ['prod-*', 'prod-?', '[ab]', '[a-z]', '[!ab]', '{a,b}'];
  await folder.write('retention.yml', [...patterns, ...same].join('\n'));
  const { stdout } = spawnSync('sh', ['-c', search], { cwd: folder.path, encoding: 'utf8' });
  await folder.remove();
  const found = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d+:/, ''));
  // A name with brackets looks like any class, and what was an error before is in no policy.
  expect(found).toEqual(patterns.filter((pattern) => !['a[1]', '!a'].includes(pattern)));
});

test('a policy that was valid before and is not now is told so in the words of the page', () => {
  const another = (text: string, name: string) =>
    text.replace(/ {2}- name: cache[\s\S]*/, (target) => target + target.replace('cache', name));
  const refused = [
    [
      policyText('keepFor: 30d').replace('name: cache', 'name: a/b'),
      'text of 1 to 100 characters without /',
    ],
    [another(policyText('keepFor: 30d'), 'other'), 'selects the same instances as the target'],
    [
      another(policyText('keepFor: 30d\ninstances: { include: [x] }'), 'other'),
      'includes the instance',
    ],
  ] as const;
  for (const [text, words] of refused) {
    expect(page).toContain(words);
    expect(() => loadPolicy(text, 'retention.yml')).toThrow(words);
  }
});

test('messages of the old fleet are refused before anything is done', () => {
  const words = 'not called as the state machine calls it, and nothing was done';
  expect(page).toContain(words);
  const run = { id: 'a', startedAt: 1, dryRun: false, event: {}, policy: 'f00' };
  const item = { target: 'cache', projectId: 'p', id: 'i', name: 'n' };
  expect(() => readCleanMessage({ run, round: 0, share: { concurrency: 2 }, item })).toThrow(words);
  expect(() => readSummariseMessage({ run, round: 0 })).toThrow(words);
});
