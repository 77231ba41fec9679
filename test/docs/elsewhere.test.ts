import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { loadPolicy } from '../../lib/policy/load.ts';
import { type } from '../cli/fake-io.ts';
import { policyFolder } from '../on-disk.ts';
import { blocks } from './markdown.ts';

interface Job {
  readonly if?: string;
  readonly rules?: readonly { readonly if: string }[];
  readonly script?: readonly string[];
  readonly allow_failure?: { readonly exit_codes: number };
  readonly steps?: readonly { readonly run?: string }[];
}
interface CronJob {
  readonly spec: {
    readonly concurrencyPolicy: string;
    readonly jobTemplate: {
      readonly spec: {
        readonly template: {
          readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] };
        };
      };
    };
  };
}

const page = await readFile('docs/elsewhere.md', 'utf8');
const [kubernetes = '', gitlab = '', github = ''] = blocks(page, 'yaml');
const [configMap, cronJob] = parseAllDocuments(kubernetes).map((document) => document.toJS());
const args = (cronJob as CronJob).spec.jobTemplate.spec.template.spec.containers[0]?.args ?? [];

const lines = [...page.matchAll(/task-janitor((?: (?:run|plan)\b| --?[a-z-]+| [\w./-]+)*)/g)]
  .map(([, rest = '']) => rest.trim())
  .filter((rest) => /^(run|plan)\b/.test(rest));

test.each([...new Set([...lines, args.join(' ')])])(
  '"%s" has only options of its command',
  async (line) => {
    const { status, stdout: help } = await type(`${line.split(' ')[0]} --help`);
    expect(status).toBe(0);
    for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(help).toContain(option);
  },
);

test('cron, the timer, the CronJob and both pipelines run a command', () => {
  expect(lines.filter((line) => line.includes('--max-duration')).length).toBeGreaterThanOrEqual(4);
  expect(args).toContain('--max-duration');
});

test('the policy of the CronJob is valid', () => {
  const text = (configMap as { data: Record<string, string> }).data['retention.yml'] as string;
  expect(loadPolicy(text, 'retention.yml').targets).toHaveLength(1);
  expect((cronJob as CronJob).spec.concurrencyPolicy).toBe('Forbid');
});

test('the pipelines plan on a merge or pull request, and run on a schedule', () => {
  const jobs = parse(gitlab) as Record<string, Job>;
  expect(jobs.plan?.rules?.[0]?.if).toContain('merge_request_event');
  expect(jobs.plan?.script?.join()).toContain('task-janitor plan --exit-code');
  expect(jobs.plan?.allow_failure).toEqual({ exit_codes: 4 });
  expect(jobs.run?.rules?.[0]?.if).toContain('"schedule"');
  const workflow = parse(github) as { on: object; jobs: Record<string, Job> };
  expect(Object.keys(workflow.on)).toEqual(['pull_request', 'schedule']);
  expect(workflow.jobs.plan?.if).toContain("'pull_request'");
  expect(workflow.jobs.run?.if).toContain("'schedule'");
});

test.each([
  [0, 0],
  [4, 0],
  [1, 1],
  [2, 2],
  [3, 3],
])('a plan that ends with %d ends the step of the workflow with %d', async (planned, ended) => {
  const { jobs } = parse(github) as { jobs: Record<string, Job> };
  const script = jobs.plan?.steps?.find(({ run }) => run?.includes('plan --exit-code'))?.run ?? '';
  const janitor = `task-janitor() { return ${planned}; }\n`;
  const { status, stdout } = spawnSync('bash', ['-e', '-c', janitor + script], {
    encoding: 'utf8',
  });
  expect(status).toBe(ended);
  expect(stdout.startsWith('::warning')).toBe(planned === 4);
});

const verifier = spawnSync('systemd-analyze', ['--version']).status === 0 ? test : test.skip;

verifier('systemd finds nothing wrong with the units', async () => {
  const [service = '', timer = ''] = blocks(page, 'ini');
  const folder = await policyFolder();
  // It wants to see the program, which is installed elsewhere or not at all.
  const text = service.replace('/usr/local/bin/task-janitor', process.execPath);
  await folder.write('task-janitor.service', text);
  await folder.write('task-janitor.timer', timer);
  const units = ['service', 'timer'].map((kind) => join(folder.path, `task-janitor.${kind}`));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units], {
    encoding: 'utf8',
  });
  await folder.remove();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
