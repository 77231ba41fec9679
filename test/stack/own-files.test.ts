import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readZip } from '../zip.ts';
import { copyProject, type Packaged, type Project } from './project.ts';

let project: Project;
beforeAll(async () => {
  project = await copyProject();
  const policy = await readFile('retention.yml', 'utf8');
  await project.write('my-policy.yml', policy.replace('task-janitor/otc', 'mine/otc'));
});
afterAll(() => project.remove());

const SCHEDULE = 'CleanupSchedulerSchedule1';

async function policiesIn({ folder }: Packaged): Promise<string[]> {
  const entries = readZip(await readFile(join(folder, 'cleanup.zip')));
  return entries.map(({ name }) => name).filter((name) => name.endsWith('.yml'));
}

test('a policy and values of one’s own are deployed from files that no upgrade touches', async () => {
  const values = { policy: 'my-policy.yml', secrets: ['mine/otc'], schedule: 'rate(2 hours)' };
  await project.write('params.yml', JSON.stringify({ prod: values }));
  const packaged = await project.package('prod');
  expect(await policiesIn(packaged)).toEqual(['my-policy.yml']);
  const { Resources } = packaged.template;
  expect(Resources[SCHEDULE]?.Properties.ScheduleExpression).toBe('rate(2 hours)');
  expect(JSON.stringify(Resources)).toContain('secret:mine/otc-');
  expect(JSON.stringify(Resources)).not.toContain('task-janitor/otc');
});

test('one value of the command line wins over that file', async () => {
  const packaged = await project.package('prod', 'schedule=rate(3 hours)');
  const { Resources } = packaged.template;
  expect(Resources[SCHEDULE]?.Properties.ScheduleExpression).toBe('rate(3 hours)');
});
