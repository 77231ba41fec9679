import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { useFolder } from '../on-disk.ts';
import { tooWide, type } from './fake-io.ts';

const RECORD = '{ id: a1, name: EXTEND, status: SUCCESS, updated_at: "2026-01-01T00:00:00Z" }';
const YOUNG = '{ id: b2, name: EXTEND, status: FAILED, updated_at: "2026-02-28T00:00:00Z" }';
const POLICY = [
  '  version: 1',
  '  targets:',
  '    - name: cache',
  '      cloud: otc',
  '      service: dcs',
  '      region: eu-de',
  '      keepFor: 30d',
  '      rules:',
  '        - { name: failures, match: { statuses: [FAILED] }, keepFor: 90d }',
];

const folder = useFolder();

/** A fixture with the policy in it, written to a file. */
function fixture(expected: readonly string[], changes: Record<string, string> = {}) {
  const lines: Record<string, string> = {
    policy: `policy:\n${POLICY.join('\n')}`,
    target: 'target: cache',
    now: 'now: 2026-03-01T00:00:00Z',
    records: `records:\n  - ${RECORD}\n  - ${YOUNG}`,
    expect: ['expect:', ...expected.map((line) => `  ${line}`)].join('\n'),
    ...changes,
  };
  return folder.write('case.test.yml', `${Object.values(lines).join('\n')}\n`);
}

test('the examples hold', async () => {
  const names = (await readdir('examples')).filter((name) => name.endsWith('.test.yml'));
  const { status, stdout, stderr } = await type(
    `test ${names.map((name) => `examples/${name}`).join(' ')}`,
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`${names.length} files: 0 failed.`);
});

test.each([
  ['a mapping with reasons', ['delete: [a1]', 'keep: { b2: within-keep-for }']],
  ['a list', ['delete: [a1]', 'keep: [b2]']],
  ['nothing at all', ['delete: [a1]']],
])('what stays may be said by %s', async (_, expected) => {
  const file = await fixture(expected);
  const { status, stdout } = await type(`test ${file}`);
  expect(status).toBe(0);
  expect(stdout.replace(/\s+/g, ' ')).toContain(`ok ${file}: 2 records, 1 to delete`);
});

test('a mismatch names record, decision, reason and rule, and ends with 1', async () => {
  const file = await fixture(['delete: [b2]', 'keep: { a1: running }']);
  const { status, stdout, stderr } = await type(`test ${file}`);
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(tooWide(stdout.replaceAll(file, 'f'))).toEqual([]);
  expect(stdout).toContain(
    [
      '      record a1 (SUCCESS, EXTEND, 59.0 days old)',
      '        expected keep: running',
      '        decided  delete: expired',
      '      record b2 (FAILED, EXTEND, 1.0 days old)',
      '        expected delete',
      '        decided  keep: within-keep-for, by rule failures',
    ].join('\n'),
  );
  expect(stdout).toContain('1 file: 1 failed.');
});

test('a fixture or a policy that is not UTF-8 is not usable, and the file is named', async () => {
  const utf8 = await readFile(await fixture(['delete: [a1]']), 'utf8');
  const file = await folder.write('latin-1.test.yml', Buffer.from(`# für\n${utf8}`, 'latin1'));
  const policy = await folder.write('latin-1.yml', Buffer.from(`# für\n`, 'latin1'));
  const other = await fixture(['delete: [a1]'], { policy: 'policy: latin-1.yml' });
  const { status, stderr } = await type(`test ${file} ${other}`);
  expect(status).toBe(2);
  const problem = 'it is not UTF-8 (Latin-1 or Windows-1252, perhaps); save it as UTF-8';
  expect(stderr).toBe(`${file}: ${problem}\n${policy}: ${problem}\n`);
});

test('another reason than the expected one is a mismatch', async () => {
  const { status, stdout } = await type(
    `test ${await fixture(['delete: [a1]', 'keep: { b2: running }'])}`,
  );
  expect(status).toBe(1);
  expect(stdout).toContain('expected keep: running');
});

test('a record that is not mentioned has to stay', async () => {
  const { status, stdout } = await type(`test ${await fixture(['delete: []'])}`);
  expect(status).toBe(1);
  expect(stdout).toContain('record a1');
});

test('a limit that would stop the run is said', async () => {
  const limited = `${POLICY.join('\n')}\n      limits: { deletions: 0 }`;
  const file = await fixture(['delete: [a1]'], { policy: `policy:\n${limited}` });
  const { status, stdout } = await type(`test ${file}`);
  expect(status).toBe(0);
  expect(stdout.replace(/\s+/g, ' ')).toContain('note: a run would delete none of them: 1 records');
});

test.each([
  ['an unknown key', { target: 'targt: cache' }, 'targt: unknown key; did you mean target?'],
  ['no policy', { policy: '' }, ': policy: missing; write the path of a policy'],
  ['a policy that is a number', { policy: 'policy: 1' }, 'policy: expected a path or a policy'],
  ['a policy that is not there', { policy: 'policy: none.yml' }, 'policy: there is no such file'],
  ['a bad policy', { policy: 'policy: { version: 1 }' }, 'targets: missing'],
  [
    'an unknown target',
    { target: 'target: cash' },
    ':11:9: target: the policy has no target "cash"',
  ],
  [
    'no readable date',
    { now: 'now: today' },
    'now: this is not a date and time with a zone; write one',
  ],
  ['a time without zone', { now: 'now: 2026-03-01T00:00:00' }, 'now: this is not a date'],
  ['a day that is none', { now: 'now: 2026-02-30T00:00:00Z' }, 'now: this is not a date'],
  ['no moment', { now: '' }, 'now: missing; write a time such as 2026-03-01T00:00:00Z'],
  ['no records', { records: 'records: []' }, 'expected a list of records'],
  [
    'a record twice',
    { records: `records: [${RECORD}, ${RECORD}]` },
    'records[1].id: another record',
  ],
  ['nothing expected', { expect: 'expect: {}' }, 'expect.delete: missing'],
  ['an unknown id', { expect: 'expect: { delete: [a2] }' }, 'no record has the id "a2"'],
  ['a number for an id', { expect: 'expect: { delete: [12] }' }, 'put it in quotes'],
  ['a number for a kept id', { expect: 'expect: { delete: [], keep: [12] }' }, 'put it in quotes'],
  [
    'an id twice',
    { expect: 'expect: { delete: [a1], keep: [a1] }' },
    'this record is named twice under expect',
  ],
  [
    'an unknown id that stays',
    { expect: 'expect:\n  delete: []\n  keep:\n    c3: running' },
    ':19:5: expect.keep.c3: no record has the id "c3"',
  ],
  [
    'an unknown reason',
    { expect: 'expect: { delete: [], keep: { a1: runing } }' },
    'expect.keep.a1: this is not a reason to keep a record; did you mean running?',
  ],
  [
    'text for what stays',
    { expect: 'expect: { delete: [], keep: all }' },
    'expected a list of ids',
  ],
  [
    'a key twice',
    { now: 'now: 2026-03-01T00:00:00Z\nnow: 2026-03-01T00:00:00Z' },
    'the key already',
  ],
  ['another version', { version: 'version: 2' }, 'version: expected the number 1'],
])('a file with %s ends with 2 and its place', async (_, changes, message) => {
  const file = await fixture(['delete: [a1]'], changes as Record<string, string>);
  const { status, stderr } = await type(`test ${file}`);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/case\.test\.yml:\d+:\d+: /);
});

test('a file that is bad does not keep the others from being tested', async () => {
  const empty = await folder.write('empty.test.yml', '');
  const good = 'examples/freeze.test.yml';
  const { status, stdout, stderr } = await type(
    `test ${folder.path}/none.yml ${empty} ${folder.path} ${good}`,
  );
  expect(status).toBe(2);
  expect(stderr).toContain('none.yml: there is no such file');
  expect(stderr).toContain('empty.test.yml:1:1: the file is empty');
  expect(stderr).toContain(`${folder.path}: it is a folder`);
  expect(stdout).toContain(`ok    ${good}`);
  expect(stdout).toContain('4 files: 0 failed, 3 not usable.');
});

test('without a file it says how it is used', async () => {
  const { status, stderr } = await type('test');
  expect(status).toBe(2);
  expect(stderr).toContain("missing required argument 'files'");
});

test('no character of a test that a terminal would obey is shown', async () => {
  const file = await folder.write('evil.test.yml', '"\u009b31mevil\u0007": 1\nversion: 1\n');
  const { status, stderr } = await type(`test ${file}`);
  expect(status).toBe(2);
  expect(stderr).not.toMatch(/(?!\n)\p{Cc}/u);
});
