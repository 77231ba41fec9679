import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readInstance, skipReason } from '../../lib/model/instance.ts';
import { SERVICES } from '../../lib/model/services.ts';

describe('a row of an instance list', () => {
  test('is read', () => {
    const row = {
      instance_id: 'i-1',
      name: 'cache',
      status: 'RUNNING',
      engine: 'Redis',
      port: 6379,
    };
    const expected = { id: 'i-1', name: 'cache', status: 'RUNNING', engine: 'Redis' };
    expect(readInstance(row)).toEqual(expected);
  });

  test('needs nothing but its id', () => {
    const bare = { id: 'i-1', name: '', status: '', engine: undefined };
    expect(readInstance({ instance_id: 'i-1' })).toEqual(bare);
    expect(readInstance({ instance_id: 'i-1', name: 5, status: null, engine: {} })).toEqual(bare);
  });

  test('has no text of more than 256 characters, which would fill every message', () => {
    const row = (text: string) => ({ instance_id: 'i-1', name: text, status: text, engine: text });
    const text = 'x'.repeat(256);
    expect(readInstance(row(text))).toMatchObject({ name: text, status: text, engine: text });
    const bare = { name: '', status: '', engine: undefined };
    expect(readInstance(row(`${text}x`))).toMatchObject(bare);
    expect(readInstance({ instance_id: `${text}x` })).toBeUndefined();
  });

  test.each([
    null,
    5,
    'text',
    [],
    {},
    { id: 'i-1' },
    { instance_id: '' },
    { instance_id: '..' },
    { instance_id: 7 },
  ])('without a usable id is none: %p', (row) => {
    expect(readInstance(row)).toBeUndefined();
  });

  test('is read without an error, whatever it is', () => {
    fc.assert(fc.property(fc.anything(), (row) => void readInstance(row)));
  });
});

describe('an instance', () => {
  const instance = (status: string, engine?: string) => ({ id: 'i', name: 'n', status, engine });

  test.each([
    ['CREATEFAILED', 'its creation failed'],
    ['DELETING', 'it is being deleted'],
    ['DELETED', 'it is deleted'],
    ['FREEZING', 'it is being frozen'],
    ['FROZEN', 'it is frozen'],
    ['frozen', 'it is frozen'],
    ['RECYCLE', 'it is in the recycle bin'],
  ])('that is %s is left alone: %s', (status, reason) => {
    expect(skipReason(instance(status), SERVICES.dcs)).toBe(reason);
  });

  test.each([
    '',
    'RUNNING',
    'EXTENDING',
    'RESTARTING',
    'ERROR',
    'FLUSHING',
    'ROLLBACK',
    'NEW',
    'toString',
  ])('that is %p is not', (status) => {
    expect(skipReason(instance(status), SERVICES.dcs)).toBeUndefined();
  });

  test.each([
    ['kafka', 'kafka', undefined],
    ['kafka', 'KAFKA', undefined],
    ['kafka', 'rabbitmq', 'its engine is rabbitmq, not kafka'],
    ['kafka', 'reliability', 'its engine is reliability, not kafka'],
    ['rabbitmq', 'rabbitmq', undefined],
    ['rabbitmq', 'kafka', 'its engine is kafka, not rabbitmq'],
    ['rocketmq', 'rocketmq', undefined],
    ['rocketmq', 'reliability', undefined],
    ['rocketmq', 'kafka', 'its engine is kafka, not rocketmq'],
    ['kafka', undefined, 'the service does not say which engine it has'],
    ['dcs', 'Redis', undefined],
    ['dcs', 'Memcached', undefined],
  ] as const)('of %s with the engine %s: %s', (service, engine, expected) => {
    expect(skipReason(instance('RUNNING', engine), SERVICES[service])).toBe(expected);
  });
});
