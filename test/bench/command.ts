import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DEMO_ACCESS_KEY } from '../../lib/emulator/demo-identity.ts';
import type { Summary } from '../../lib/model/summary.ts';

/** What a run of the built command came to. */
export interface CommandReport {
  readonly totals: Summary['totals'];
  /** Bytes; undefined where the system does not tell. */
  readonly peakMemory: number | undefined;
}

/**
 * Runs the built command once, in a process of its own.
 * @throws when it does not end with status 0.
 */
export async function runCommand(policy: string): Promise<CommandReport> {
  const folder = await mkdtemp(join(tmpdir(), 'task-janitor-bench-'));
  try {
    const file = join(folder, 'retention.yml');
    const peak = join(folder, 'peak');
    await writeFile(file, policy);
    const watch = pathToFileURL(join(import.meta.dirname, 'watch-memory.js')).href;
    const words = ['dist/task-janitor.js', 'run', '--policy', file, '--json'];
    const child = spawn(process.execPath, ['--no-warnings', '--import', watch, ...words], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        PATH: process.env.PATH,
        HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
        HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
        BENCH_PEAK_FILE: peak,
      },
    });
    let summary = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      summary += text;
    });
    const status = await new Promise((resolve) => child.once('close', resolve));
    if (status !== 0) throw new Error(`task-janitor run ended with status ${status}: ${summary}`);
    const written = await readFile(peak, 'utf8');
    const { totals } = JSON.parse(summary) as Summary;
    return { totals, peakMemory: written === '' ? undefined : Number(written) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
