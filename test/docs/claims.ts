import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { parse } from 'yaml';
import type { Summary } from '../../lib/model/summary.ts';
import { KEEP_REASONS } from '../../lib/policy/decide.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { parseEvent } from '../../lib/run/event.ts';
import { FakeIo, type } from '../cli/fake-io.ts';
import { policyFolder, startOnDisk } from '../on-disk.ts';
import { policyOf, targetOf } from '../policies.ts';
import { aged, expired } from '../records.ts';
import { expectToAddUp, startWorld } from '../run/world.ts';
import { copyProject } from '../stack/project.ts';
import * as elsewhere from './elsewhere.ts';
import { NAMED_RECORD, type Session } from './session.ts';

/** How one block that is no script is checked. The session is that of its page. */
export interface Claim {
  readonly page: string;
  /** How the block begins: no other block of its page begins so. */
  readonly start: string;
  readonly check: (text: string, session: Session) => Promise<void> | void;
  /** Programs without which it cannot be checked. */
  readonly needs?: readonly string[];
}

const claim = (page: string, start: string, check: Claim['check'], ...needs: string[]): Claim => ({
  page,
  start,
  check,
  needs,
});

/** Every block of the documents that is no script. A new block without a line here fails. */
export const CLAIMS: readonly Claim[] = [
  claim('README.md', 'redis  (', planOfTheDemo),
  claim(
    'README.md',
    'version: 1',
    (text) => void expect(loadPolicy(text, 'README.md').targets).toHaveLength(1),
  ),

  claim('docs/elsewhere.md', 'HUAWEICLOUD_SDK_AK=...', elsewhere.environmentFile),
  claim('docs/elsewhere.md', '#!/bin/sh', elsewhere.cronScript, 'flock'),
  claim('docs/elsewhere.md', 'MAILTO=', elsewhere.crontab),
  claim(
    'docs/elsewhere.md',
    '[Unit]\nDescription=Delete expired task records of',
    elsewhere.service,
  ),
  claim(
    'docs/elsewhere.md',
    '[Unit]\nDescription=Delete expired task records every',
    elsewhere.timer,
  ),
  claim('docs/elsewhere.md', 'FROM node', elsewhere.containerFile),
  claim('docs/elsewhere.md', 'apiVersion: v1', elsewhere.kubernetes),
  claim('docs/elsewhere.md', 'default:', elsewhere.gitlab),
  claim('docs/elsewhere.md', 'name: task records', elsewhere.github),

  claim('docs/faq.md', 'cache  (', whatDoctorSays),
  claim('docs/install.md', 'prod:', paramsOfAStage),
  claim(
    'docs/operating.md',
    '{ "dryRun"',
    (text) => void expect(parseEvent(JSON.parse(text)).trigger).toBe('manual'),
  ),
  claim('docs/operating.md', '{\n  "schemaVersion"', summary),

  claim('docs/policy.md', 'version: 1', inAnExample),
  claim('docs/policy.md', 'retention.yml:4:3', misspeltKey),
  claim('docs/policy.md', '    rules:', inAnExample),
  claim('docs/policy.md', '    instances:', inAnExample),
  claim('docs/policy.md', '  - name: account', inAnExample),
  claim('docs/policy.md', '    credentials:\n', inAnExample),
  claim('docs/policy.md', '    credentials: { profile', inAnExample),
  claim('docs/policy.md', 'ok    examples/', whatTestSays),
  claim('docs/policy.md', '# yaml-language-server', firstLineOfAPolicy),

  claim('docs/records.md', '{"records":1', recordsFile),
  claim('docs/records.md', 'version: 1', inAnExample),
  claim('docs/records.md', 's3://my-archive', nameInTheArchive),
  claim('docs/records.md', 'CREATE EXTERNAL TABLE', tableOfTheArchive),
  claim('docs/upgrading.md', 'grep -nE', searchForPatterns, 'grep'),
  claim('docs/runbook.md', '{\n  "Version"', permissions),
];

async function planOfTheDemo(shown: string): Promise<void> {
  const folder = await policyFolder();
  const policy = join(folder.path, 'emulator.yml');
  const io = new FakeIo();
  const serving = type(`emulate --write-policy ${policy}`, io);
  await io.printed('plan --policy');
  const { stdout } = await type(`plan --policy ${policy} --target redis --instance prod-cart`);
  io.signal();
  expect((await serving).status).toBe(0);
  await folder.remove();
  const table = stdout.slice(stdout.indexOf('redis  ('));
  expect(table.replace(/ in [\d.]+ s/, ' in 0.1 s')).toBe(shown);
}

async function whatDoctorSays(shown: string): Promise<void> {
  const { emulator, policy, close } = await startOnDisk();
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: expired(2) });
  const { stdout } = await type(`doctor --policy ${policy}`);
  await close();
  expect(stdout.replaceAll(emulator.url, 'http://127.0.0.1:3456')).toBe(shown);
}

async function whatTestSays(shown: string): Promise<void> {
  const { stdout } = await type('test examples/keep-failures-longer.test.yml');
  expect(stdout).toBe(shown);
}

/** A part of a policy stands in one of the examples, each of which is valid. */
async function inAnExample(text: string): Promise<void> {
  const files = (await readdir('examples')).filter((name) => !name.includes('.test.'));
  const all = await Promise.all(files.map((name) => readFile(join('examples', name), 'utf8')));
  const found = all.filter((example) => example.includes(text));
  expect(found).not.toEqual([]);
  for (const example of found) expect(loadPolicy(example, 'example').targets).not.toEqual([]);
}

async function misspeltKey(shown: string, session: Session): Promise<void> {
  const policy = await readFile(join(session.folder, 'retention.yml'), 'utf8');
  const wrong = `version: 1\ndryRun: true\ndefaults:\n  keepfor: 30d\n${policy.slice(policy.indexOf('targets:'))}`;
  await writeFile(join(session.folder, 'retention.yml'), wrong);
  const { status, stderr } = await session.play('task-janitor validate');
  expect([status, stderr]).toEqual([2, shown]);
}

async function firstLineOfAPolicy(shown: string): Promise<void> {
  const policy = await readFile('retention.yml', 'utf8');
  expect(policy.startsWith(shown)).toBe(true);
}

/** They are packaged, with the policy that they name. */
async function paramsOfAStage(text: string): Promise<void> {
  const { prod } = parse(text);
  const project = await copyProject();
  const policy = await readFile('retention.yml', 'utf8');
  await project.write(prod.policy, policy.replace('task-janitor/otc', prod.secrets[0]));
  await project.write('params.yml', text);
  const { template } = await project.package('prod');
  await project.remove();
  for (const value of [prod.policy, prod.schedule, prod.alarmEmail, prod.secrets[0]]) {
    expect(JSON.stringify(template)).toContain(value);
  }
}

/** A summary with everything that a summary can have: an archive, a failed record, one that somebody else deleted. */
async function summary(text: string): Promise<void> {
  const shown = JSON.parse(text.replaceAll(/ +\/\/ .*$/gm, '')) as Summary;
  const world = await startWorld();
  const { emulator } = world;
  const rows = [...expired(10), ...Array.from({ length: 30 }, () => aged(1))];
  emulator.addInstance({ service: 'dcs', name: 'prod-sessions', tasks: rows });
  let gone = false;
  emulator.intercept = ({ operation, taskId }) => {
    if (operation !== 'delete-task') return undefined;
    if (taskId === rows[0]?.id)
      return { status: 500, body: { error_code: 'DCS.5000', error_msg: 'broken' } };
    if (gone) return undefined;
    gone = true;
    return { status: 404, body: { error_code: 'DCS.4024', error_msg: 'gone' }, afterwards: true };
  };
  const folder = await policyFolder();
  const target = targetOf(emulator, { keepFor: '30d', keepLast: 10 });
  const real = await world.run(policyOf([target], { archive: folder.path }));
  await world.close();
  await folder.remove();
  expect(shapeOf(shown)).toEqual(shapeOf(real));
  expectToAddUp(shown);
}

/** The keys of a JSON value, and those of what is in it; reasons are keys that differ from run to run. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== 'keptBecause') return [key, shapeOf(inner)];
      expect(KEEP_REASONS).toEqual(expect.arrayContaining(Object.keys(inner)));
      return [key, 'reasons'];
    }),
  );
}

async function recordsFile(text: string, session: Session): Promise<void> {
  const { status } = await session.play('task-janitor plan --records plan.jsonl');
  expect(status).toBe(0);
  const written = await readFile(join(session.folder, 'plan.jsonl'), 'utf8');
  const lines = written
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const goes = lines.findIndex(({ outcome }) => outcome === 'remaining');
  const [header, record, end] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const [shown, real] of [
    [header, lines[0]],
    [record, lines[goes]],
    [end, lines.at(-1)],
  ]) {
    expect(Object.keys(shown)).toEqual(Object.keys(real));
  }
  expect([record.decision, record.reason, record.outcome]).toEqual([
    'delete',
    'expired',
    'remaining',
  ]);
  expect([header.records, header.dryRun, end.end]).toEqual([1, true, true]);
}

/** Runs with an archive in a folder `archive`, and gives the path of what was written there. */
export async function archiveSome(session: Session): Promise<string> {
  const policy = await readFile(join(session.folder, 'retention.yml'), 'utf8');
  await writeFile(join(session.folder, 'archiving.yml'), `archive: ./archive\n${policy}`);
  const { status, stdout } = await session.play('task-janitor run --policy archiving.yml --json');
  expect(status).toBe(0);
  const { targets } = JSON.parse(stdout) as Summary;
  const [at = ''] = targets[0]?.instances[0]?.archive ?? [];
  return at.slice(at.indexOf('archive/'));
}

async function nameInTheArchive(text: string, session: Session): Promise<void> {
  const form = (name: string) =>
    name
      .replace(/\d{4}\/\d\d\/\d\d\/[^/]+/, 'DAY/RUNID')
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'INSTANCE');
  const written = await archiveSome(session);
  expect(form(text.trim().replace('s3://my-archive/task-janitor', 'archive'))).toBe(form(written));
}

/** No Athena is here: the columns of its table are those of a line in the archive. */
async function tableOfTheArchive(text: string, session: Session): Promise<void> {
  const file = await archiveSome(session);
  const { gunzipSync } = await import('node:zlib');
  const lines = gunzipSync(await readFile(join(session.folder, file))).toString();
  const line = JSON.parse(lines.split('\n')[0] as string) as Record<string, object>;
  const [, struct = ''] = /task struct<([^>]*)>/.exec(text) ?? [];
  const [, table = ''] = /CREATE EXTERNAL TABLE gone \(([\s\S]*?)\n\)/.exec(text) ?? [];
  const columns = [...table.replace(/<[^>]*>/, '').matchAll(/(\w+) (?:string|struct)/g)];
  const keys = Object.keys(line).map((key) => key.toLowerCase());
  expect(columns.length).toBeGreaterThan(4);
  for (const [, column] of columns) expect(keys).toContain(column);
  const fields = struct.split(',').map((field) => field.trim().split(':')[0]);
  expect(Object.keys(line.task as object)).toEqual(expect.arrayContaining(fields));
  expect(text).toContain(`task.id = '${NAMED_RECORD}'`);
}

/** The permissions that the emulator asks for, and those that the table beside it names. */
async function permissions(text: string): Promise<void> {
  const { Statement } = JSON.parse(text) as { Statement: { Effect: string; Action: string[] }[] };
  const [{ Effect, Action } = { Effect: '', Action: [] }] = Statement;
  expect(Effect).toBe('Allow');
  const page = await readFile('docs/runbook.md', 'utf8');
  const named = [...page.matchAll(/^\|.*`(d[cm]s:instance:\w+)`, `(d[cm]s:instance:\w+)` \|$/gm)];
  expect([...Action].sort()).toEqual(named.flatMap(([, one, other]) => [one, other]).sort());
  const asked = await readFile('lib/task-api/task-api.ts', 'utf8');
  for (const action of Action) expect(asked).toContain(`'${action.split(':').at(-1)}'`);
}

/** A pattern of 0.1.0, a name that it matched, a name that it matches now, and what the page says to write instead. */
export const CHANGED_PATTERNS = [
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

/** The command finds all changed patterns but two, and no pattern whose meaning stayed. */
async function searchForPatterns(script: string, session: Session): Promise<void> {
  const patterns = [...CHANGED_PATTERNS.map(([pattern]) => pattern), '{1..3}'];
  const same = ['prod-*', 'prod-?', '[ab]', '[a-z]', '[!ab]', '{a,b}'];
  await writeFile(join(session.folder, 'retention.yml'), [...patterns, ...same].join('\n'));
  const { stdout } = await session.play(script);
  const found = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d+:/, ''));
  // A name with brackets looks like any class, and what was an error before is in no policy.
  expect(found).toEqual(patterns.filter((pattern) => !['a[1]', '!a'].includes(pattern)));
}
