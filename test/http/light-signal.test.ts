import { expect, test } from '@jest/globals';
import { LightSignal } from '../../lib/http/light-signal.ts';

test('tells each listener once, and only those that still listen', () => {
  const signal = new LightSignal();
  const told: string[] = [];
  const gone = () => told.push('gone');
  signal.addEventListener('abort', () => told.push('one'));
  signal.addEventListener('abort', gone);
  signal.addEventListener('abort', () => told.push('two'));
  signal.removeEventListener('abort', gone);
  expect(signal.aborted).toBe(false);
  signal.abort();
  signal.abort();
  expect(signal.aborted).toBe(true);
  expect(told).toEqual(['one', 'two']);
});

test('a listener may stop listening while it is told', () => {
  const signal = new LightSignal();
  const told: number[] = [];
  const second = () => told.push(2);
  signal.addEventListener('abort', () => {
    told.push(1);
    signal.removeEventListener('abort', second);
  });
  signal.addEventListener('abort', second);
  signal.abort();
  expect(told).toEqual([1, 2]);
});

test('goes by the name under which node-fetch takes a signal', () => {
  expect(Object.prototype.toString.call(new LightSignal())).toBe('[object AbortSignal]');
});
