import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EventError, parseEvent } from '../../lib/run/event.ts';

describe('an event', () => {
  test.each([[{}], [undefined], [null], ['']])('%j asks for an ordinary run', (event) => {
    expect(parseEvent(event)).toEqual({ trigger: 'manual', request: {} });
  });

  test('of EventBridge counts as {}, and as begun by the schedule', () => {
    const event = {
      version: '0',
      id: '89d1a02d-5ec7-412e-82f5-13505f849b41',
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      account: '123456789012',
      time: '2026-09-01T03:30:00Z',
      region: 'eu-central-1',
      resources: ['arn:aws:scheduler:eu-central-1:123456789012:schedule/default/cleanup'],
      detail: '{}',
    };
    expect(parseEvent(event)).toEqual({ trigger: 'schedule', request: {} });
  });

  test('with every key narrows the run', () => {
    const { trigger, request } = parseEvent({
      dryRun: true,
      targets: ['prod-cache'],
      instances: ['prod-*'],
      keepFor: 'P7D',
      taskIds: ['8abf6e1e72c12e7c0172c15b508500aa'],
    });
    expect(trigger).toBe('manual');
    expect(request).toMatchObject({
      dryRun: true,
      targets: ['prod-cache'],
      instances: ['prod-*'],
      taskIds: ['8abf6e1e72c12e7c0172c15b508500aa'],
    });
    expect(request.keepFor?.toISO()).toBe('P7D');
  });

  test.each([
    [{ dryrun: true }, 'dryrun'],
    [{ dryRun: 'yes' }, 'dryRun: '],
    [{ targets: 'prod-cache' }, 'targets: '],
    [{ targets: [] }, 'targets: '],
    [{ instances: [''] }, 'instances.0: '],
    [{ taskIds: [7] }, 'taskIds.0: '],
    [{ keepFor: '7days' }, 'keepFor: "7days" is not a duration'],
    [{ keepFor: 7 }, 'keepFor: '],
    [[], ''],
    ['{}', ''],
    [7, ''],
    [{ 'detail-type': 'Object Created', detail: {} }, 'detail-type'],
  ])('%j is refused, with the reason and the keys that are known', (event, words) => {
    const parse = () => parseEvent(event);
    expect(parse).toThrow(EventError);
    expect(parse).toThrow(words);
    expect(parse).toThrow('nothing was done');
    expect(parse).toThrow('Known keys: dryRun, targets, instances, keepFor, taskIds.');
  });

  test('with several mistakes is told all of them', () => {
    const parse = () => parseEvent({ dryRun: 1, targets: 2, nothing: 3 });
    expect(parse).toThrow(/dryRun: .*targets: .*nothing/);
  });
});

test.each([
  ['dryRun', true],
  ['targets', ['a']],
  ['taskIds', ['x']],
])('our own key %s beside those of a scheduled event is an error', (key, value) => {
  const event = { 'detail-type': 'Scheduled Event', source: 'aws.events', [key]: value };
  expect(() => parseEvent(event)).toThrow(EventError);
  expect(() => parseEvent(event)).toThrow(
    `${key}: it comes together with the keys of a scheduled event`,
  );
});

test('every key that EventBridge sends may stand in a scheduled event', () => {
  const event = {
    version: '0',
    id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '123456789012',
    time: '2026-09-01T03:30:00Z',
    region: 'eu-central-1',
    resources: ['arn:aws:events:eu-central-1:123456789012:rule/cleanup'],
    detail: {},
    'replay-name': 'of-the-archive',
  };
  expect(parseEvent(event)).toEqual({ trigger: 'schedule', request: {} });
});

test.each(['dryrun', 'Targets', 'Dry-Run', '__proto__', 'constructor', ''])(
  'the key %j, which EventBridge does not send, beside those of a scheduled event is an error',
  (key) => {
    const event = JSON.parse(`{"detail-type":"Scheduled Event","${key}":true}`);
    expect(() => parseEvent(event)).toThrow(EventError);
    expect(() => parseEvent(event)).toThrow(
      `${key}: EventBridge sends no such key with a scheduled event; leave it out, or leave out those of the scheduled event`,
    );
  },
);

test.each(['__proto__', 'constructor', 'toString'])('the key %j alone is an error', (key) => {
  expect(() => parseEvent(JSON.parse(`{"${key}":{"dryRun":true}}`))).toThrow(key);
});

test('whatever an event is, it is read or refused as one', () => {
  fc.assert(
    fc.property(fc.anything(), (event) => {
      try {
        return ['manual', 'schedule'].includes(parseEvent(event).trigger);
      } catch (error) {
        return error instanceof EventError;
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  [{ dryRun: true }],
  ['{"dryRun":true}'],
  [{ targets: ['shop'] }],
  ['dryRun'],
  [['dryRun']],
  [null],
  [false],
])('a scheduled event with the detail %j is refused', (detail) => {
  const event = { 'detail-type': 'Scheduled Event', source: 'aws.events', detail };
  expect(() => parseEvent(event)).toThrow(
    'detail: EventBridge sends an empty one with a scheduled event; send what is asked for as an event of its own, such as {"dryRun":true}',
  );
});

test.each([[{}], ['{}'], [''], [undefined]])(
  'a scheduled event with the detail %j is one',
  (detail) => {
    const event = { 'detail-type': 'Scheduled Event', source: 'aws.scheduler', detail };
    expect(parseEvent(event)).toEqual({ trigger: 'schedule', request: {} });
  },
);
