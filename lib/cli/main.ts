#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { systemClock } from '../http/clock.ts';
import { runCommandLine } from './program.ts';

// Whoever reads the output may stop reading, as `| head` does, a disk may be full and a terminal may go away:
// what was begun is done nevertheless.
let unwritten: string | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
    if (stream === process.stdout && code !== 'EPIPE') unwritten = code;
  });
}

// From dist/, where the bundle is.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const status = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
  columns: (stream) => {
    const { isTTY, columns } = stream === 'out' ? process.stdout : process.stderr;
    return isTTY ? columns || undefined : undefined;
  },
  clock: systemClock,
  onSignal: (handler) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handler);
  },
  exit: (status) => process.exit(status),
  startedAt: 0,
  version,
});

// Errors of the last write arrive after it.
await new Promise((resolve) => process.stdout.write('', () => setImmediate(resolve)));
if (unwritten) process.stderr.write(`The output could not be written: ${unwritten}\n`);
// Ends also where something still waits for an answer that never comes.
process.exit(status === 0 && unwritten ? 1 : status);
