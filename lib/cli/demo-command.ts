import { DEMO_ACCESS_KEY, demoEstate, startEmulator } from '../emulator/index.ts';
import { systemClock } from '../http/clock.ts';
import { loadPolicy } from '../policy/load.ts';
import { demoPolicy } from './demo-policy.ts';
import type { Io } from './io.ts';
import { cleanUp } from './run-command.ts';

/** Starts the emulator with an estate, cleans it up for real, and shows the result. */
export async function demoCommand(io: Io): Promise<number> {
  const emulator = await startEmulator({ faults: { deleteFails: { every: 9 } } });
  try {
    for (const seed of demoEstate({ now: systemClock.now() })) emulator.addInstance(seed);
    const policy = demoPolicy(emulator.url);
    io.out(
      [
        `An emulator of the task API listens on ${emulator.url}.`,
        'Some of its DELETEs fail at first. This is a real run, with this policy:',
        '',
        ...policy
          .trimEnd()
          .split('\n')
          .map((line) => `  ${line}`),
        '',
        '',
      ].join('\n'),
    );
    const { accessKey, secretKey } = DEMO_ACCESS_KEY;
    const env = { HUAWEICLOUD_SDK_AK: accessKey, HUAWEICLOUD_SDK_SK: secretKey };
    const name = 'the demo policy';
    const file = { policy: loadPolicy(policy, name), name, text: policy };
    const status = await cleanUp(file, {}, { ...io, env });
    io.out(
      [
        '',
        'Nothing left this machine. Next: write your own retention.yml (README.md shows',
        'how), then "task-janitor validate" and "task-janitor plan".',
        '',
      ].join('\n'),
    );
    return status;
  } finally {
    await emulator.close();
  }
}
