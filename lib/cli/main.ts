#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { runCommandLine } from './program.ts';

// Whoever reads the output may stop reading, as `| head` does; what was begun is done nevertheless.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// From dist/, where the bundle is.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
  onSignal: (handler) => {
    process.on('SIGINT', handler);
    process.on('SIGTERM', handler);
  },
  exit: (status) => process.exit(status),
  startedAt: performance.timeOrigin,
  version,
});
