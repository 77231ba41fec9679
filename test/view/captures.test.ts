import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { demoCommand } from '../../lib/cli/demo-command.ts';
import { demoPolicy } from '../../lib/cli/demo-policy.ts';
import { cleanUp, type RunOptions } from '../../lib/cli/run-command.ts';
import {
  DEMO_PROJECT_ID,
  DEMO_REGION,
  type Emulator,
  startEmulator,
} from '../../lib/emulator/index.ts';
import { systemClock } from '../../lib/http/clock.ts';
import { loadPolicy } from '../../lib/policy/load.ts';
import { DEMO_ENV, FakeIo, tooWide } from '../cli/fake-io.ts';
import { aged, NOW } from '../records.ts';

/** Requests wait by the real clock; the run's moment is always the same. */
const clock = { ...systemClock, now: () => NOW };
const LONG = 'orders-of-the-whole-group-in-every-region-of-the-world-eu-01';

const target = (name: string, service: string, url: string, more = '') => `  - name: ${name}
    cloud: huaweicloud
    service: ${service}
    region: ${DEMO_REGION}
    projectId: ${DEMO_PROJECT_ID}
    endpoint: ${url}
    requests: { concurrency: 1 }
${more}`;

/** Instances with the names that are hard to show, an instance that is held back, and some that fail. */
async function startHardEstate(): Promise<Emulator> {
  const emulator = await startEmulator({ now: clock.now });
  let ids = 0;
  const records = (ages: readonly number[], fields: object = {}) =>
    ages.map((days) => {
      ids += 1;
      return aged(days, { id: `ff8080818f0a1b01${String(ids).padStart(16, '0')}`, ...fields });
    });
  const days = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
  const long = { name: 'masterStandbySwapJobOfEveryReplica' };
  const add = (service: 'dcs' | 'kafka', name: string, tasks: readonly unknown[]) =>
    emulator.addInstance({ service, name, tasks });
  add('dcs', 'prod-sessions', records(days(2, 90)));
  add('dcs', 'prod-cart', records(days(40, 9), long));
  add('dcs', 'prod-cart', records(days(28, 5)));
  add('dcs', '订单缓存-生产环境-华东一区', records(days(10, 33), { name: '扩容任务' }));
  add('dcs', 'מטמון-הפעלות', records(days(25, 8)));
  add('dcs', 'nothing-old', records(days(1, 12)));
  add('kafka', LONG, records(days(20, 50)));
  add('kafka', 'بث-الأحداث', records(days(29, 6)));
  add('kafka', 'audit', records(days(31, 40)));
  add('kafka', 'not-ours', records(days(31, 4)));
  emulator.intercept = ({ operation, instanceId }, { instances }) => {
    const name = instances().find(({ id }) => id === instanceId)?.name;
    if (operation === 'list-tasks' && name === 'not-ours') {
      return { status: 403, body: { error_code: 'DMS.00403002', error_msg: 'Access denied.' } };
    }
    if (operation === 'delete-task' && (name === LONG || name === 'prod-cart')) {
      const error = { error_code: 'DCS.4957', error_msg: 'The instance is being changed.' };
      return { status: 400, body: error };
    }
    return undefined;
  };
  return emulator;
}

const policyFor = (url: string) => `version: 1
defaults: { keepFor: 30d }
targets:
${target('cache', 'dcs', url)}${target('events', 'kafka', url, '    limits: { deletions: 39 }\n')}${target('mail', 'rabbitmq', url)}`;

type Command = (io: FakeIo, url: string) => Promise<unknown>;

const onEstate =
  (options: RunOptions): Command =>
  (io, url) => {
    const [name, text] = ['retention.yml', policyFor(url)];
    return cleanUp({ policy: loadPolicy(text, name), name, text }, options, io);
  };

const COMMANDS: Readonly<Record<string, Command>> = {
  plan: onEstate({ dryRun: true, isPlan: true }),
  'dry-run': onEstate({}),
  run: onEstate({ dryRun: false }),
  demo: (io) => demoCommand(io),
};
const WIDTHS = [40, 80, 200];

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startHardEstate();
});
afterEach(() => emulator.close());

/** The text of a command, without what differs from one time to the next. */
async function captured(command: Command, columns: number): Promise<string> {
  const io = new FakeIo({ env: { ...DEMO_ENV, NO_COLOR: '1' }, columns, clock });
  await command(io, emulator.url);
  return io.stdout
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:43210')
    .replaceAll(/ in \d+\.\d s:/g, ' in 1.5 s:')
    .replaceAll(/\d+( requests\s\()\d+ repeated,/g, '424$140 repeated,');
}

// UPDATE_CAPTURES=1 writes them anew, to be looked at.
describe.each(Object.entries(COMMANDS))('%s', (name, command) => {
  test.each(WIDTHS)('is as captured at %i columns', async (columns) => {
    const text = await captured(command, columns);
    const file = join('test/view/captures', `${name}-${columns}.txt`);
    if (process.env.UPDATE_CAPTURES) await writeFile(file, text);
    expect(text).toBe(await readFile(file, 'utf8'));
    // A word that is wider than the terminal is left to it, and so is a policy.
    const policy = demoPolicy('http://127.0.0.1:43210').split('\n');
    const isLeft = (line: string) => !/\S \S/.test(line) || policy.includes(line.slice(2));
    expect(tooWide(text, columns).filter((line) => !isLeft(line))).toEqual([]);
  });
});

test('colours are there for what goes, what failed and what is incomplete, and only if wanted', async () => {
  const coloured = new FakeIo({ columns: 80, clock });
  await onEstate({ dryRun: false })(coloured, emulator.url);
  expect(coloured.stdout).toContain('\u001b[31m');
  const colours = new RegExp(`${'\u001b'}\\[\\d+m`, 'g');
  const plain = new FakeIo({ columns: 80, clock, env: { ...DEMO_ENV, NO_COLOR: '1' } });
  const file = new FakeIo({ clock });
  const forced = new FakeIo({ clock, env: { ...DEMO_ENV, FORCE_COLOR: '1' } });
  for (const io of [plain, file, forced]) await onEstate({})(io, emulator.url);
  expect(plain.stdout).not.toMatch(colours);
  expect(file.stdout).not.toMatch(colours);
  expect(forced.stdout).toMatch(colours);
  const same = (io: FakeIo) => io.stdout.replace(colours, '').replace(/ in \d+\.\d s/, '');
  expect(same(forced)).toBe(same(plain));
});
