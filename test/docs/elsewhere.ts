import { spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { loadPolicy } from '../../lib/policy/load.ts';
import { policyFolder } from '../on-disk.ts';
import { PACKAGE_FILE } from './programs.ts';
import { pathOf, type Session } from './session.ts';

interface Job {
  readonly if?: string;
  readonly rules?: readonly { readonly if: string }[];
  readonly script?: readonly string[];
  readonly before_script?: readonly string[];
  readonly allow_failure?: { readonly exit_codes: number };
  readonly steps?: readonly { readonly run?: string }[];
}

/** Where the recipes put files of the machine; here they are in one folder. */
const inFolder = (script: string) =>
  script.replaceAll(
    /\/usr\/local\/bin\/(?=task-janitor)|\/etc\/task-janitor\/|\/policy\/|\/var\/lib\/task-janitor\//g,
    '',
  );

export function environmentFile(text: string): void {
  const names = [...text.matchAll(/^(\w+)=\.\.\.$/gm)].map(([, name]) => name);
  expect(names).toEqual(['HUAWEICLOUD_SDK_AK', 'HUAWEICLOUD_SDK_SK']);
}

/** The script for cron: one run, and none while another one holds the lock. */
export async function cronScript(text: string, session: Session): Promise<void> {
  const script = text.replace(/^export PATH=.*$/m, '');
  const env = { CREDENTIALS: './credentials', FOLDER: '.' };
  const held = `exec 9< retention.yml\nflock 9\n${script}`;
  expect(await session.play(held, env)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(session.deleted()).toBe(0);
  expect(await session.play(script, env)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(session.deleted()).toBe(3);
}

export function crontab(text: string): void {
  const [mail, line = ''] = text.trimEnd().split('\n');
  expect(mail).toMatch(/^MAILTO=\S+@\S+$/);
  const [minute, hour, ...rest] = line.split(' ');
  expect(Number(minute)).toBeLessThan(60);
  expect(Number(hour)).toBeLessThan(24);
  expect(rest).toEqual(['*', '*', '*', '/usr/local/bin/clean-task-records']);
}

/** The command of a unit, run. */
export async function service(text: string, session: Session): Promise<void> {
  const [, command = ''] = /^ExecStart=(.*)$/m.exec(text) ?? [];
  expect(command).toContain('--max-duration');
  expect(await session.play(inFolder(command))).toMatchObject({ status: 0, stderr: '' });
}

export function timer(text: string): void {
  expect(text).toMatch(/^OnCalendar=\*-\*-\* \d\d:\d\d:00 UTC$/m);
}

/** systemd's own opinion of both units. */
export async function verifyUnits(unit: string, timerUnit: string): Promise<void> {
  const folder = await policyFolder();
  // It wants to see the program, which is installed elsewhere or not at all.
  await folder.write(
    'task-janitor.service',
    unit.replace('/usr/local/bin/task-janitor', process.execPath),
  );
  await folder.write('task-janitor.timer', timerUnit);
  const units = ['service', 'timer'].map((kind) => join(folder.path, `task-janitor.${kind}`));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units], {
    encoding: 'utf8',
  });
  await folder.remove();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

/** No daemon is here to build it: what it names is there, and its start is a command. */
export async function containerFile(text: string, session: Session): Promise<void> {
  const [, node] = /^FROM node:(\d+)-slim$/m.exec(text) ?? [];
  expect(Number(node)).toBeGreaterThanOrEqual(20);
  expect(text.match(/\S+\.tgz/g)).toEqual([
    PACKAGE_FILE,
    `/tmp/${PACKAGE_FILE}`,
    `/tmp/${PACKAGE_FILE}`,
  ]);
  const words = [...text.matchAll(/^(?:ENTRYPOINT|CMD) (\[.*\])$/gm)].flatMap(
    ([, list]) => JSON.parse(list as string) as string[],
  );
  expect(await session.play(words.join(' '))).toMatchObject({ status: 0, stderr: '' });
}

export async function kubernetes(text: string, session: Session): Promise<void> {
  const [configMap, cronJob] = parseAllDocuments(text).map((document) => document.toJS());
  expect(loadPolicy(configMap.data['retention.yml'], 'retention.yml').targets).toHaveLength(1);
  const { concurrencyPolicy, jobTemplate } = cronJob.spec;
  expect(concurrencyPolicy).toBe('Forbid');
  const { containers, volumes } = jobTemplate.spec.template.spec;
  expect(volumes[0].configMap.name).toBe(configMap.metadata.name);
  const [{ args, image }] = containers;
  expect(`${image.split('/').at(-1).replace(':', '-')}.tgz`).toBe(PACKAGE_FILE);
  expect(args).toContain('--max-duration');
  const command = inFolder(`task-janitor ${args.join(' ')}`);
  expect(await session.play(command)).toMatchObject({ status: 0, stderr: '' });
}

/** Its jobs plan on a merge request and run on a schedule; what they run is run. */
export async function gitlab(text: string, session: Session): Promise<void> {
  const { plan, run, default: common } = parse(text) as Record<string, Job>;
  expect(common?.before_script).toEqual([`npm install --global ./${PACKAGE_FILE}`]);
  expect(plan?.rules?.[0]?.if).toContain('merge_request_event');
  expect(run?.rules?.[0]?.if).toContain('"schedule"');
  const planned = await session.play(plan?.script?.join('\n') ?? '');
  expect(planned).toMatchObject({ status: plan?.allow_failure?.exit_codes, stderr: '' });
  expect(await session.play(run?.script?.join('\n') ?? '')).toMatchObject({
    status: 0,
    stderr: '',
  });
  expect(session.deleted()).toBe(3);
}

/** The same; the step that plans tells of records that would go, and fails where the plan did. */
export async function github(text: string, session: Session): Promise<void> {
  const workflow = parse(text) as { on: object; jobs: Record<string, Job> };
  const { plan, run } = workflow.jobs;
  expect(Object.keys(workflow.on)).toEqual(['pull_request', 'schedule']);
  expect(plan?.if).toContain("'pull_request'");
  expect(run?.if).toContain("'schedule'");
  const stepsOf = (job: Job | undefined) => job?.steps?.map((step) => step.run ?? '') ?? [];
  const script = stepsOf(plan).join('\n');
  const planned = await session.play(script);
  expect(planned).toMatchObject({ status: 0, stderr: '' });
  expect(planned.stdout).toContain('::warning');
  expect(planned.calls).toEqual([['npm', 'install', '--global', `./${PACKAGE_FILE}`]]);
  expect(await session.play(stepsOf(run).join('\n'))).toMatchObject({ status: 0, stderr: '' });
  expect(session.deleted()).toBe(3);

  const step = stepsOf(plan).find((one) => one.includes('plan --exit-code')) ?? '';
  const fake = join(session.folder, 'fake');
  await mkdir(fake, { recursive: true });
  for (const [ended, expected] of [
    [0, 0],
    [4, 0],
    [1, 1],
    [2, 2],
    [3, 3],
  ] as const) {
    await writeFile(join(fake, 'task-janitor'), `#!${pathOf('sh')}\nexit ${ended}\n`);
    await chmod(join(fake, 'task-janitor'), 0o755);
    const { status, stdout } = await session.play(step, { PATH: fake });
    expect([ended, status]).toEqual([ended, expected]);
    expect(stdout.startsWith('::warning')).toBe(ended === 4);
  }
}
