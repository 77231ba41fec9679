import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DEMO_ACCESS_KEY, demoEstate, startEmulator } from '../emulator/index.ts';
import { demoPolicy } from './demo-policy.ts';
import { EXIT, type Io, UsageError } from './io.ts';

/** The committed output of `task-janitor schema`. */
const SCHEMA = 'retention.schema.json';

export interface EmulateOptions {
  /** TCP port, as it was written; a free one when absent. */
  readonly port?: string;
  /** Path for a policy that fits the emulator's estate. */
  readonly writePolicy?: string;
}

/** Serves the emulator until it is interrupted. */
export async function emulateCommand(options: EmulateOptions, io: Io): Promise<number> {
  const emulator = await startEmulator({ port: readPort(options.port), now: io.clock.now }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new UsageError(`the emulator cannot listen on port ${options.port}: ${error.code}`);
    },
  );
  try {
    for (const seed of demoEstate({ now: io.clock.now() })) emulator.addInstance(seed);
    const { accessKey, secretKey } = DEMO_ACCESS_KEY;
    const policy = schemaComment(options.writePolicy) + demoPolicy(emulator.url);
    if (options.writePolicy)
      await writeFile(options.writePolicy, policy, { flag: 'wx' }).catch(refuse);
    io.out(
      [
        `The emulator listens on ${emulator.url} with ${emulator.instances().length} instances.`,
        'Ctrl-C ends it. In another terminal:',
        '',
        `  export HUAWEICLOUD_SDK_AK=${accessKey}`,
        `  export HUAWEICLOUD_SDK_SK=${secretKey}`,
        `  npx task-janitor plan --policy ${options.writePolicy ?? 'FILE'}`,
        '',
        ...(options.writePolicy
          ? []
          : ['where FILE holds (--write-policy FILE writes it):', '', policy]),
      ].join('\n'),
    );
    await new Promise<void>((resolve) => io.onSignal(() => resolve()));
    return EXIT.complete;
  } finally {
    await emulator.close();
  }

  function refuse(error: NodeJS.ErrnoException): never {
    const problem = error.code === 'EEXIST' ? 'it is there already' : error.code;
    throw new UsageError(`${options.writePolicy} cannot be written: ${problem}`);
  }
}

/** Names the schema to an editor, if the schema is in the file's folder. */
function schemaComment(file: string | undefined): string {
  if (file === undefined || !existsSync(join(dirname(file), SCHEMA))) return '';
  return `# yaml-language-server: $schema=./${SCHEMA}\n`;
}

function readPort(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new UsageError(`--port ${text}: expected a number from 0 to 65535`);
  }
  return port;
}
