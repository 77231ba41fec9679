import { jest } from '@jest/globals';
import type { handler } from '../../functions/cleanup.ts';
import { DEMO_ACCESS_KEY } from '../../lib/emulator/index.ts';
import { keepEnvironment } from '../environment.ts';
import { type OnDisk, startOnDisk } from '../on-disk.ts';
import { captureOutput } from '../output.ts';
import { forgetLogSettings } from '../telemetry/log-settings.ts';

/** The handler as it is deployed: its settings in the environment, its policy in a file. */
export interface Deployed extends OnDisk {
  readonly handler: typeof handler;
  /** Returns the output since the start. */
  readonly output: () => string;
}

/** @param settings environment variables besides the usual ones; `close` restores the environment. */
export async function startHandler(settings: object = {}): Promise<Deployed> {
  const environment = keepEnvironment();
  const onDisk = await startOnDisk();
  forgetLogSettings();
  for (const name of Object.keys(process.env)) {
    if (/^(HUAWEICLOUD_|CONCURRENCY$|STOP_BEFORE_END$|DRY_RUN$)/.test(name))
      delete process.env[name];
  }
  Object.assign(process.env, {
    POLICY_FILE: onDisk.policy,
    HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
    HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
    POWERTOOLS_LOG_LEVEL: 'INFO',
    ...settings,
  });
  const output = captureOutput();
  const { handler } = await import('../../functions/cleanup.ts');
  const close = async () => {
    jest.restoreAllMocks();
    environment.restore();
    await onDisk.close();
  };
  return { ...onDisk, handler, output, close };
}
