import { PassThrough } from 'node:stream';
import { beforeEach, expect, test } from '@jest/globals';
import { askAt } from '../../lib/cli/terminal.ts';

let input: PassThrough;
let output: PassThrough;
let interrupts: number;
let ask: (question: string) => Promise<string | undefined>;
beforeEach(() => {
  input = new PassThrough();
  output = new PassThrough();
  interrupts = 0;
  ask = askAt(input, output, () => {
    interrupts += 1;
  });
});

test('asks one question after the other', async () => {
  const first = ask('Cloud: ');
  input.write('otc\r');
  expect(await first).toBe('otc');
  const second = ask('Region: ');
  input.write('eu-de\r');
  expect(await second).toBe('eu-de');
  expect(output.read().toString()).toMatch(/Cloud: [\s\S]*Region: /);
});

test('the end of the input is no answer', async () => {
  const asked = ask('Cloud: ');
  input.write('\u0004');
  expect(await asked).toBeUndefined();
  expect(interrupts).toBe(0);
});

test('Ctrl-C interrupts', async () => {
  const asked = ask('Cloud: ');
  input.write('\u0003\u0004');
  await asked;
  expect(interrupts).toBe(1);
});
