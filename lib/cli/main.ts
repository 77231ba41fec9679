#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

// V8 otherwise lets its old generation grow to four times what is in use before it collects. Twice costs some
// 5 % of processor time, and 1,000,000 records then take up to 50 MB less.
setFlagsFromString('--heap-growing-percent=100');

// The reader of the output may stop reading, as `| head` does. A disk may be full, or a terminal may go away. The
// command is finished all the same.
let unwritten: string | undefined;
let mayStopReading = true;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
    if (stream === process.stdout && !(code === 'EPIPE' && mayStopReading)) unwritten = code;
  });
}

// The AWS SDK warns, in the middle of our output, of a Node that its next versions will not run on.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// From dist/, where the bundle is.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const args = process.argv.slice(2);
const status = args.length === 1 && args[0] === '--version' ? printVersion() : await runProgram();

// Errors of the last write arrive after it.
await new Promise((resolve) => process.stdout.write('', () => setImmediate(resolve)));
if (unwritten) process.stderr.write(`The output could not be written: ${unwritten}\n`);
// Ends also where something still waits for an answer that never comes.
// 4 is what `plan --exit-code` found, which nobody could read.
process.exit((status === 0 || status === 4) && unwritten ? 1 : status);

/** Scripts ask for it often, so the program is not loaded for it. */
function printVersion(): number {
  process.stdout.write(`${version}\n`);
  return 0;
}

async function runProgram(): Promise<number> {
  const [{ runCommandLine }, { askAt }, { systemClock }] = await Promise.all([
    import('./program.ts'),
    import('./ask.ts'),
    import('../http/clock.ts'),
  ]);
  const { stdin, stdout, stderr } = process;
  const exit = (status: number) => process.exit(status);
  return await runCommandLine(args, {
    env: process.env,
    out: (text) => process.stdout.write(text),
    unread: () => stdout.writableLength,
    requireReader: () => {
      mayStopReading = false;
    },
    err: (text) => process.stderr.write(text),
    interactive: stderr.isTTY === true,
    columns: (stream) => {
      const { isTTY, columns } = stream === 'out' ? stdout : stderr;
      return isTTY ? columns || undefined : undefined;
    },
    clock: systemClock,
    ask: stdin.isTTY && stderr.isTTY ? askAt(stdin, stderr, () => exit(130)) : undefined,
    onSignal: (handler) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handler);
    },
    exit,
    begunAt: 0,
    version,
  });
}
