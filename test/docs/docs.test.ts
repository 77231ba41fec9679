import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { KEEP_REASONS } from '../../lib/policy/decide.ts';
import { policyReference } from '../policy/reference.ts';

const policyPage = await readFile('docs/policy.md', 'utf8');
const everyPage = (await readdir('docs')).filter((name) => name.endsWith('.md'));

test('the policy reference is what the schema says', async () => {
  const [before = '', between = ''] = policyPage.split('<!-- reference -->\n');
  const [, after = ''] = between.split('<!-- /reference -->');
  const page = `${before}<!-- reference -->\n\n${policyReference()}\n<!-- /reference -->${after}`;
  if (process.env.UPDATE_DOCS) await writeFile('docs/policy.md', page);
  else expect(policyPage).toBe(page);
});

test('the table of decisions has every reason', () => {
  for (const reason of KEEP_REASONS) expect(policyPage).toContain(`keep, \`${reason}\``);
});

describe('links', () => {
  test.each([...everyPage, '../README.md'])(
    'of %s lead to files and headings that are there',
    async (name) => {
      const text = await readFile(join('docs', name), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path = '', heading] = target.split('#');
        const file = path ? join('docs', name, '..', path) : join('docs', name);
        if (heading === undefined) {
          const found = await readFile(file).catch((error: NodeJS.ErrnoException) => error.code);
          expect(found === 'ENOENT' ? target : 'found').toBe('found');
          continue;
        }
        const linked = await readFile(file, 'utf8');
        const headings = [...linked.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
          title
            .toLowerCase()
            .replaceAll(/[^a-z0-9 -]/g, '')
            .replaceAll(' ', '-'),
        );
        expect(headings).toContain(heading);
      }
    },
  );
});

test('every mistake of other cleaners that is listed has a test by its number', async () => {
  const page = await readFile('docs/peer-defects.md', 'utf8');
  const listed = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
  const tests = await Promise.all(
    ['run', 'policy'].map((room) => readFile(`test/${room}/peer-defects.test.ts`, 'utf8')),
  );
  const tested = [...tests.join().matchAll(/'#(\d+) /g)].map(([, number]) => Number(number));
  expect(listed).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(tested.sort((a, b) => a - b)).toEqual(listed);
});
