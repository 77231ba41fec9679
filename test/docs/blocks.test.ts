import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import { buildCommand } from '../cli/built-command.ts';
import { type } from '../cli/fake-io.ts';
import { archiveSome, CLAIMS } from './claims.ts';
import { verifyUnits } from './elsewhere.ts';
import { type Block, blocks, codeSpans, fencedBlocks } from './markdown.ts';
import { isInstalled, PACKAGE_FILE, PROGRAMS } from './programs.ts';
import { missingFor, NAMED_RECORD, openSession, pathOf, type Session } from './session.ts';

/** Written by test/docs/outputs.js, which commands.test.ts does anew. */
const WRITTEN = 'docs/commands.md';
const inDocs = (await readdir('docs')).filter((name) => name.endsWith('.md'));
const names = [
  'README.md',
  'CHANGELOG.md',
  'lib/README.md',
  ...inDocs.map((name) => `docs/${name}`),
];
const pages = await Promise.all(
  names
    .filter((name) => name !== WRITTEN)
    .map(async (name) => ({ name, text: await readFile(name, 'utf8') })),
);

const isScript = ({ language }: Block) => language === 'sh';
const claimsOf = (page: string, text: string) =>
  CLAIMS.filter((claim) => claim.page === page && text.startsWith(claim.start));
const title = ({ line, text }: Block) => `line ${line}: ${text.split('\n')[0]}`;

const SPAN = new RegExp(
  `^(?:[A-Z_]+=\\S+ )*(?:task-janitor|${Object.keys(PROGRAMS).join('|')}) \\S`,
);
/** A command of ours without its first word, as in a sentence about its option. */
const FRAGMENT = /^(run|plan|init|validate|test|doctor|emulate|schema) --/;

/** Variables that only other programs read: the AWS CLI. */
const FOREIGN = ['AWS_SESSION_TOKEN'];

/** The calls of other programs, each as JSON, with the page that has it. */
const calls = new Map<string, string>();

const isWindows = process.platform === 'win32';
const onShell = isWindows ? describe.skip : describe;

beforeAll(() => buildCommand());

test('every fence is one of a block', () => {
  for (const { name, text } of pages) {
    const fences = text.match(/^ *(```|~~~)/gm) ?? [];
    expect([name, fences.length]).toEqual([name, 2 * fencedBlocks(text).length]);
  }
});

test('every block that is no script has one claim, and every claim one block', () => {
  const claimed = pages.flatMap(({ name, text }) =>
    fencedBlocks(text)
      .map((block) => ({ block, claims: claimsOf(name, block.text) }))
      .filter(({ block, claims }) => !isScript(block) || claims.length > 0)
      .map(({ block, claims }) => [name, title(block), claims.map(({ start }) => start)]),
  );
  expect(claimed.filter(([, , claims]) => claims?.length !== 1)).toEqual([]);
  expect(claimed).toHaveLength(CLAIMS.length);
});

describe.each(pages)('$name', ({ name, text }) => {
  const all = fencedBlocks(text);
  const claimed = all.filter((block) => claimsOf(name, block.text).length > 0);
  const scripts = all.filter((block) => isScript(block) && !claimed.includes(block));
  const spans = [...new Set(codeSpans(text))];
  const commands = spans.filter((span) => SPAN.test(span) && !span.includes('FILE'));
  const fragments = spans.filter((span) => FRAGMENT.test(span));

  for (const fragment of fragments) {
    test(`\`${fragment}\` has only options of its command`, async () => {
      const { stdout: help } = await type(`${fragment.split(' ')[0]} --help`);
      for (const [option] of fragment.matchAll(/--[a-z-]+/g)) expect(help).toContain(option);
    });
  }

  if (scripts.length + commands.length + claimed.length === 0) return;
  onShell('followed by a reader', () => {
    let session: Session;
    beforeAll(async () => {
      session = await openSession();
    });
    afterAll(() => session.close());

    const follow = async (script: string) => {
      const versions = script.match(/task-janitor[-:]\d+\.\d+\.\d+/g) ?? [];
      for (const version of versions) expect(`${version.replace(':', '-')}.tgz`).toBe(PACKAGE_FILE);
      const variables = [...script.matchAll(/(?:^|[ \n])([A-Z][A-Z_]+)=/g)].map(([, one]) => one);
      const sources = await readSources();
      const unread = variables.filter(
        (one = '') => !script.includes(`$${one}`) && !`${FOREIGN}${sources}`.includes(one),
      );
      expect(unread).toEqual([]);
      const init = /^task-janitor init/m.test(script);
      await session.reset({ init });
      let typed = script;
      if (script.includes(' archive/')) {
        const [, month = ''] = /^archive\/(\d{4}\/\d\d)\//.exec(await archiveSome(session)) ?? [];
        typed = script.replaceAll('2026/11', month);
      }
      // Each of these lines is a way of its own to delete something once.
      for (const part of typed.includes('--task') ? typed.trimEnd().split('\n') : [typed]) {
        await session.reset({ init });
        const { status, stdout, stderr, calls: made } = await session.play(part);
        for (const call of made) calls.set(JSON.stringify(call), name);
        // With --json, log lines go there too.
        const wrong = stderr.split('\n').filter((text) => text && !text.includes('"level":"INFO"'));
        expect({ status, wrong }).toEqual({ status: 0, wrong: [] });
        if (typed !== script) expect(stdout).toContain(NAMED_RECORD);
      }
    };

    for (const block of scripts) {
      const missing = missingFor(block.text);
      const one = missing.length > 0 ? test.skip : test;
      one(`${title(block)}${missing.map((tool) => ` (no ${tool} here)`)}`, () =>
        follow(block.text),
      );
    }
    for (const command of commands) test(`\`${command}\``, () => follow(command));

    for (const block of claimed) {
      const [{ check, needs = [] } = { check: () => {} }] = claimsOf(name, block.text);
      const missing = needs.filter((tool) => pathOf(tool) === undefined);
      const one = missing.length > 0 ? test.skip : test;
      one(`${title(block)}${missing.map((tool) => ` (no ${tool} here)`)}`, async () => {
        await session.reset();
        await check(block.text, session);
      });
    }
  });
});

/** The AWS CLI takes a second to start. */
const atOnce = pLimit(4);

// They go by the tests above, which note what the pages ask of each program.
onShell('programs that no test of the documents runs', () => {
  test.each(Object.keys(PROGRAMS))('%s is in the page that says so', async (program) => {
    const page = await readFile('docs/development.md', 'utf8');
    const [, section = ''] = page.split('## How the documents are checked');
    expect(section).toContain(`\`${program}\``);
  });

  for (const [program, { check, asksIt }] of Object.entries(PROGRAMS)) {
    const one = asksIt && pathOf(program) === undefined ? test.skip : test;
    one(`${program} is asked for what it knows`, async () => {
      const own = [...calls].filter(([call]) => JSON.parse(call)[0] === program);
      expect(own).not.toEqual([]);
      const session = await openSession();
      const found = await Promise.all(
        own.map(([call, page]) =>
          atOnce(async () => [page, call, await check(JSON.parse(call).slice(1), session.folder)]),
        ),
      );
      await session.close();
      expect(found.filter(([, , problems]) => problems?.length)).toEqual([]);
    });
  }
});

(isInstalled('systemd-analyze') ? test : test.skip)(
  'systemd finds nothing wrong with the units',
  async () => {
    const [service = '', timer = ''] = blocks(await readFile('docs/elsewhere.md', 'utf8'), 'ini');
    await verifyUnits(service, timer);
  },
);

let sources: Promise<string> | undefined;
/** Everything that could read a variable. */
function readSources(): Promise<string> {
  sources ??= Promise.all(
    ['lib', 'functions', 'test'].map(async (folder) => {
      const files = await readdir(folder, { recursive: true });
      const own = files.filter(
        (name) => /\.([jt]s|py)$/.test(name) && name !== join('docs', 'blocks.test.ts'),
      );
      return (await Promise.all(own.map((name) => readFile(join(folder, name), 'utf8')))).join(
        '\n',
      );
    }),
  ).then((texts) => texts.join('\n'));
  return sources;
}
