import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { readCleanMessage, readSummariseMessage } from '../../lib/fleet/messages.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { compilePatterns } from '../../lib/policy/pattern.ts';
import { policyText } from '../policies.ts';

import { CHANGED_PATTERNS } from './claims.ts';

const page = await readFile('docs/upgrading.md', 'utf8');

test.each(CHANGED_PATTERNS)('%s matches what the page says', (pattern, before, now, instead) => {
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
    [
      policyText('keepFor: 30d # a month\r    keepLast: 9'),
      'which some programs show as a line break',
    ],
    [
      policyText('keepFor: 30d # \u202ea month'),
      'which makes some programs show what follows in another order',
    ],
    [
      policyText('keepFor: 30d\nstatuses: [SUCCESS\n  FAILED]'),
      'this is one text to YAML, over several lines',
    ],
    [policyText('keepFor: 30d\ninstances:\n  exclude:\n    - |\n      x'), 'holds a line break'],
  ] as const;
  for (const [text, words] of refused) {
    expect(page).toContain(words);
    expect(() => loadPolicy(text, 'retention.yml')).toThrow(words);
  }
});

test('messages of the old fleet are refused before anything is done', () => {
  const words = 'this is not how the state machine calls the function, so nothing was done';
  expect(page).toContain(words);
  const run = { id: 'a', startedAt: 1, dryRun: false, event: {}, policy: 'f00' };
  const item = { target: 'cache', projectId: 'p', id: 'i', name: 'n' };
  expect(() => readCleanMessage({ run, round: 0, share: { concurrency: 2 }, item })).toThrow(words);
  expect(() => readSummariseMessage({ run, round: 0 })).toThrow(words);
});
