import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DEMO_ACCESS_KEY } from '../../../lib/emulator/demo-identity.ts';
import { packageFunction } from '../packaged.ts';
import { policyText } from '../policy-text.ts';
import { median, medianRatio } from '../statistics.ts';
import type { Measure } from './measure.ts';

const STARTS = {
  ours: `import { createRequire } from 'node:module';
const { handler } = createRequire(import.meta.url)('./functions/cleanup.cjs');
await handler({}, { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 });
`,
  empty: `const { handler } = await import('./empty.mjs');
await handler({}, {});
`,
};

/** How soon a cold function sends its first request, and how large its package is. */
export const measureStartUp: Measure = async ({ quick, say }) => {
  say('packaging the function');
  const packaged = await packageFunction();
  const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { folder } = packaged;
  await writeFile(join(folder, 'bench.yml'), policyText({ url, service: 'dcs', concurrency: 8 }));
  for (const [name, text] of Object.entries(STARTS)) {
    await writeFile(join(folder, `start-${name}.mjs`), text);
  }
  const env = {
    PATH: process.env.PATH,
    BENCH_URL: url,
    POLICY_FILE: 'bench.yml',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
    HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
    HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
  };
  const firstRequest = async (name: keyof typeof STARTS): Promise<number> => {
    const arrival = once(server, 'request').then(() => performance.now());
    const begin = performance.now();
    const child = spawn(process.execPath, [`start-${name}.mjs`], {
      cwd: folder,
      env,
      stdio: 'ignore',
    });
    const exited = once(child, 'exit').then(([status]) => {
      if (status !== 0) throw new Error(`start-${name}.mjs ended with status ${status}`);
    });
    const [at] = await Promise.all([arrival, exited]);
    return at - begin;
  };

  const rounds = quick ? 5 : 21;
  const times = { ours: [] as number[], empty: [] as number[] };
  say(`start-up, ${rounds} rounds`);
  for (let at = 0; at <= rounds; at += 1) {
    for (const name of ['ours', 'empty'] as const) {
      const time = await firstRequest(name);
      // The first round finds the files uncached.
      if (at > 0) times[name].push(time);
    }
  }
  server.close();
  await packaged.remove();
  return [
    {
      figure: 'start-up',
      value: medianRatio(times.ours, times.empty),
      detail: `${Math.round(median(times.ours))} ms to ${Math.round(median(times.empty))} ms, ${rounds} rounds`,
    },
    {
      figure: 'zip',
      value: packaged.zipBytes / 1_000,
      detail: `${packaged.zipBytes.toLocaleString('en')} bytes`,
    },
  ];
};
