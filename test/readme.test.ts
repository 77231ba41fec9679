import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { KEEP_REASONS } from '../lib/policy/decide.ts';
import { loadPolicy } from '../lib/policy/load.ts';
import { parseEvent } from '../lib/run/event.ts';
import { type } from './cli/fake-io.ts';

const readme = await readFile('README.md', 'utf8');

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text as string,
  );
}

test('the policy in the README is valid', () => {
  const [policy] = blocks('yaml');
  expect(loadPolicy(policy as string, 'README.md').targets).toHaveLength(1);
});

test('the policy that is deployed unless changed is valid, and only reports', async () => {
  const policy = loadPolicy(await readFile('retention.yml', 'utf8'), 'retention.yml');
  expect(policy.dryRun).toBe(true);
});

test('the event in the README and the example events are understood', async () => {
  const [event] = blocks('json');
  expect(parseEvent(JSON.parse(event as string)).trigger).toBe('manual');
  for (const name of ['everything', 'dry-run', 'one-instance']) {
    const text = await readFile(`functions/events/${name}.json`, 'utf8');
    expect(parseEvent(JSON.parse(text)).trigger).toBe('manual');
  }
});

test('the README explains every reason for which a record is kept', () => {
  // Two rows with one id are read as one, so users do not meet that reason.
  const reasons = KEEP_REASONS.filter((reason) => reason !== 'duplicate-id');
  for (const reason of reasons) expect(readme).toContain(`\`${reason}\``);
});

test('every option that the README uses is one of its command', async () => {
  const used = blocks('sh').flatMap((block) => [
    ...block.matchAll(/^task-janitor (\w+)([^#\n]*)/gm),
  ]);
  expect(used.length).toBeGreaterThan(5);
  for (const [, command, rest] of used) {
    const { stdout: help } = await type(`${command} --help`);
    for (const [option] of (rest as string).matchAll(/--[a-z-]+/g)) expect(help).toContain(option);
  }
});
