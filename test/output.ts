import { jest } from '@jest/globals';

/** Catches what this process writes, until `jest.restoreAllMocks()`. @returns a function that gives what was written. */
export function captureOutput(): () => string {
  let output = '';
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      output += String(text);
      return true;
    });
  }
  return () => output;
}
