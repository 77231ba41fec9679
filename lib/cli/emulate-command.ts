import {
  DEMO_ACCESS_KEY,
  DEMO_LEGACY_PROJECT_ID,
  DEMO_REGION,
  demoEstate,
  startEmulator,
} from '../emulator/index.ts';
import { demoPolicy } from './demo-policy.ts';
import { EXIT, type Io, UsageError } from './io.ts';
import { writePolicyFile } from './policy-file.ts';

export interface EmulateOptions {
  /** TCP port, as it was written; a free one when absent. */
  readonly port?: string;
  /** Path for a policy that fits the emulator's estate. */
  readonly writePolicy?: string;
}

/** Serves the emulator until it is interrupted. */
export async function emulateCommand(options: EmulateOptions, io: Io): Promise<number> {
  const emulator = await startEmulator({
    port: readPort(options.port),
    now: io.clock.now,
    // Nobody reads it here, and it would grow for as long as the emulator serves.
    journalCapacity: 1,
  }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `the emulator cannot listen on port ${options.port} (${error.code}); choose another one with --port`,
    );
  });
  try {
    for (const seed of demoEstate({ now: io.clock.now() })) emulator.addInstance(seed);
    const { accessKey, secretKey } = DEMO_ACCESS_KEY;
    emulator.projects.push({ id: DEMO_LEGACY_PROJECT_ID, name: `${DEMO_REGION}_legacy` });
    const policy = demoPolicy(emulator.url);
    if (options.writePolicy) await writePolicyFile(options.writePolicy, policy);
    io.out(
      [
        `The emulator listens on ${emulator.url} with ${emulator.instances().length} instances.`,
        'Ctrl-C ends it. In another terminal:',
        '',
        `  export HUAWEICLOUD_SDK_AK=${accessKey}`,
        `  export HUAWEICLOUD_SDK_SK=${secretKey}`,
        `  task-janitor plan --policy ${options.writePolicy ?? 'FILE'}`,
        '',
        'Or let init write a first policy for it:',
        '',
        `  task-janitor init --cloud huaweicloud --region ${DEMO_REGION} --service dcs \\`,
        `    --endpoint ${emulator.url} --output first.yml`,
        '',
        ...(options.writePolicy
          ? []
          : ['Put this policy into FILE, or let --write-policy FILE write it:', '', policy]),
      ].join('\n'),
    );
    await new Promise<void>((resolve) => io.onSignal(() => resolve()));
    return EXIT.complete;
  } finally {
    await emulator.close();
  }
}

function readPort(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new UsageError(`--port ${text}: expected a number from 0 to 65535`);
  }
  return port;
}
