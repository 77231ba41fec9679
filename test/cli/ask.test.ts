import { PassThrough } from 'node:stream';
import { beforeEach, expect, test } from '@jest/globals';
import { askAt } from '../../lib/cli/ask.ts';

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

test('lines pasted together answer one question each, and what has no end yet begins the next', async () => {
  const first = ask('Cloud: ');
  input.write('otc\reu-de\rdc');
  expect(await first).toBe('otc');
  output.read();
  expect(await ask('Region: ')).toBe('eu-de');
  expect(output.read().toString()).toBe('Region: eu-de\n');
  const third = ask('Services: ');
  input.write('s\r');
  expect(await third).toBe('dcs');
  expect(interrupts).toBe(0);
});
