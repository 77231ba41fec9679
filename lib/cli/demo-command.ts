import { DEMO_ACCESS_KEY, demoEstate, startEmulator } from '../emulator/index.ts';
import { loadPolicy } from '../policy/load.ts';
import { demoPolicy } from './demo-policy.ts';
import { type Io, print } from './io.ts';
import { cleanUp } from './run-command.ts';

/** Starts the emulator with an estate, cleans it up for real, and shows the result. */
export async function demoCommand(io: Io): Promise<number> {
  const emulator = await startEmulator({
    now: io.clock.now,
    faults: { deleteFails: { every: 9 } },
  });
  try {
    for (const seed of demoEstate({ now: io.clock.now() })) emulator.addInstance(seed);
    const policy = demoPolicy(emulator.url);
    print(io, `An emulator of the task API listens on ${emulator.url}.`);
    print(io, 'Some of its DELETEs fail at first. This is a real run, with this policy:');
    io.out(`\n${policy.trimEnd().replace(/^/gm, '  ')}\n\n`);
    const { accessKey, secretKey } = DEMO_ACCESS_KEY;
    // Other credentials that are there, such as a token, are not for the demo.
    const others = Object.entries(io.env).filter(([key]) => !key.startsWith('HUAWEICLOUD_'));
    const env = {
      ...Object.fromEntries(others),
      HUAWEICLOUD_SDK_AK: accessKey,
      HUAWEICLOUD_SDK_SK: secretKey,
    };
    const name = 'the demo policy';
    const file = { policy: loadPolicy(policy, name), name, text: policy };
    const status = await cleanUp(file, {}, { ...io, env });
    io.out('\n');
    print(
      io,
      'Nothing left this machine. Next: "task-janitor init" finds your own instances and writes a first policy; then "task-janitor validate" and "task-janitor plan".',
    );
    return status;
  } finally {
    await emulator.close();
  }
}
