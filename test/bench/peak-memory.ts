import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The most memory that this process has had resident so far, in bytes; undefined where there is no
 * /proc. (The `maxRSS` of getrusage will not do: on Linux a child begins with its parent's.)
 */
export function peakMemory(status = readStatus()): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
}

function readStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}

/** When the process ends, writes its peak to a file; nothing where it cannot be known. */
export function writePeakAtExit(file: string): void {
  process.once('exit', () => writeFileSync(file, String(peakMemory() ?? '')));
}
