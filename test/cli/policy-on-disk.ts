import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_PROJECT_ID, DEMO_REGION, type TaskRow, task } from '../../lib/emulator/index.ts';

/** A folder for policies, to be removed. */
export interface PolicyFolder {
  readonly path: string;
  /** Writes a file and gives its path. */
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

export async function policyFolder(): Promise<PolicyFolder> {
  const path = await mkdtemp(join(tmpdir(), 'task-janitor-'));
  return {
    path,
    write: async (name, text) => {
      const file = join(path, name);
      await writeFile(file, text);
      return file;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** A policy with one DCS target, as a user writes it. */
export function cachePolicy(url: string, more: readonly string[] = [], top = 'dryRun: false') {
  return [
    'version: 1',
    top,
    'targets:',
    '  - name: cache',
    '    cloud: huaweicloud',
    '    service: dcs',
    `    region: ${DEMO_REGION}`,
    `    projectId: ${DEMO_PROJECT_ID}`,
    `    endpoint: ${url}`,
    '    keepFor: 30d',
    ...more.map((line) => `    ${line}`),
    '',
  ].join('\n');
}

/** Records of long ago. */
export function old(count: number): TaskRow[] {
  return Array.from({ length: count }, () => task({ name: 'EXTEND' }));
}

/** A record that is too young for any policy here. */
export function fresh(): TaskRow {
  const time = new Date(Date.now() - 60_000).toISOString();
  return task({ name: 'UpdatePort', created_at: time, updated_at: time });
}
