import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO_PROJECT_ID, type Emulator } from '../../lib/emulator/index.ts';
import { KEEP_REASONS } from '../../lib/policy/decide.ts';
import { FakeIo, type } from '../cli/fake-io.ts';
import { type PolicyFolder, startOnDisk } from '../on-disk.ts';
import { policyReference } from '../policy/reference.ts';
import { expired } from '../records.ts';
import { blocks, commandsIn } from './markdown.ts';

const PAGES = ['policy.md', 'comparison.md', 'faq.md', 'records.md'];
const pages = Object.fromEntries(
  await Promise.all(PAGES.map(async (name) => [name, await readFile(`docs/${name}`, 'utf8')])),
) as Record<string, string>;
const everyPage = (await readdir('docs')).filter((name) => name.endsWith('.md'));
const examples = await Promise.all(
  (await readdir('examples')).map((name) => readFile(join('examples', name), 'utf8')),
);

let emulator: Emulator;
let folder: PolicyFolder;
let policy: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ emulator, folder, policy, close } = await startOnDisk());
  refill();
});
afterAll(() => close());

/** One instance with two records that have expired, one of which the pages name. */
function refill(): void {
  for (const { id } of emulator.instances()) emulator.removeInstance(id);
  const [one, other] = expired(2);
  const tasks = [{ ...one, id: 'ff808081818f0a1b018190c2d3e4f501' }, { ...other }];
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks });
}

/** A command of a page, with the emulator in place of the cloud. */
async function onEmulator(line: string): Promise<string> {
  const inFolder = (word: string) =>
    /\.(jsonl|csv|html)$/.test(word) ? join(folder.path, word) : word;
  const typed = line.replaceAll("'", '').replace('--target prod-cache', '--target cache');
  const [command = '', ...words] = typed.split(/ +/).map(inFolder);
  if (command === 'init') {
    const asked = '--cloud huaweicloud --region eu-west-101 --service dcs';
    return `init ${asked} --endpoint ${emulator.url} --output ${join(folder.path, 'first.yml')}`;
  }
  if (!['run', 'plan', 'doctor'].includes(command)) {
    return command === 'validate' ? `validate --policy ${policy}` : line;
  }
  const named = words.indexOf('--policy');
  if (named === -1) return [command, ...words, '--policy', policy].join(' ');
  const text = await readFile(words[named + 1] as string, 'utf8');
  const there = text.replaceAll(
    /^( +)region: .*$/gm,
    (region, indent) =>
      `${region}\n${indent}endpoint: ${emulator.url}\n${indent}projectId: ${DEMO_PROJECT_ID}`,
  );
  words[named + 1] = await folder.write('example.yml', there);
  return [command, ...words].join(' ');
}

test('the policy reference is what the schema says', async () => {
  const [before = '', between = ''] = (pages['policy.md'] as string).split('<!-- reference -->\n');
  const [, after = ''] = between.split('<!-- /reference -->');
  const page = `${before}<!-- reference -->\n\n${policyReference()}\n<!-- /reference -->${after}`;
  if (process.env.UPDATE_DOCS) await writeFile('docs/policy.md', page);
  else expect(pages['policy.md']).toBe(page);
});

test('the table of decisions has every reason', () => {
  for (const reason of KEEP_REASONS) expect(pages['policy.md']).toContain(`keep, \`${reason}\``);
});

test.each(PAGES)(
  'every piece of YAML in %s is from an example, or the first line of a policy',
  (name) => {
    for (const block of blocks(pages[name] as string, 'yaml')) {
      const found = [...examples, '# yaml-language-server: $schema=./retention.schema.json\n'];
      expect(found.some((text) => text.includes(block))).toBe(true);
    }
  },
);

const commands = [
  ...PAGES.map((name) => pages[name] as string),
  await readFile('docs/operating.md', 'utf8'),
  await readFile('README.md', 'utf8'),
].flatMap(commandsIn);

test.each(commands)('"task-janitor %s" works as the page says', async (line) => {
  const io = new FakeIo();
  if (line.startsWith('emulate')) {
    const file = join(folder.path, 'emulator.yml');
    const serving = type(`emulate --write-policy ${file}`, io);
    await io.printed('plan --policy');
    io.signal();
    expect((await serving).status).toBe(0);
    return;
  }
  if (line.includes('--task')) refill();
  const { status, stderr } = await type(await onEmulator(line), io);
  // With --json, log lines go there too.
  const wrong = stderr.split('\n').filter((text) => text && !text.includes('"level":"INFO"'));
  expect({ status, wrong }).toEqual({ status: 0, wrong: [] });
});

test('the outputs that the pages show are those of the commands', async () => {
  const [tested] = blocks(pages['policy.md'] as string, 'text');
  expect((await type('test examples/keep-failures-longer.test.yml')).stdout).toBe(tested);
  const [examined] = blocks(pages['faq.md'] as string, 'text');
  refill();
  const { stdout } = await type(`doctor --policy ${policy}`);
  expect(stdout.replaceAll(emulator.url, 'http://127.0.0.1:3456')).toBe(examined);
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
