import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Duration } from 'luxon';
import { PlanError, readApprovedPlan } from '../../lib/records/approved-plan.ts';
import { useFolder } from '../on-disk.ts';
import { DAY, NOW } from '../records.ts';

const folder = useFolder();

const EXPECTED = { policy: 'hash', now: NOW, maxAge: Duration.fromObject({ days: 7 }) };
const HEADER = {
  records: 1,
  runId: 'r',
  trigger: 'cli',
  dryRun: true,
  startedAt: new Date(NOW - DAY).toISOString(),
  policy: 'hash',
};
const record = (id: string, fields: object = {}) => ({
  target: 'cache',
  instance: 'i-1',
  id,
  decision: 'delete',
  reason: 'expired',
  outcome: 'remaining',
  ...fields,
});
const textOf = (records: readonly object[], header: object = HEADER) =>
  [header, ...records, { end: true, records: records.length }]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');

async function read(content: string | Uint8Array, expected = EXPECTED) {
  const file = join(folder.path, 'plan.jsonl');
  await writeFile(file, content);
  return await readApprovedPlan(file, expected);
}

async function problemOf(content: string | Uint8Array, expected = EXPECTED): Promise<string> {
  try {
    await read(content, expected);
    return 'no problem';
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError);
    return (error as Error).message.replace(/^--plan \S*?plan\.jsonl:?/, '');
  }
}

test('what would have gone is approved; what was kept or held back is not', async () => {
  const plan = await read(
    textOf([
      record('a'),
      record('b', { instance: 'i-2' }),
      record('c', { outcome: 'held-back' }),
      record('d', { decision: 'keep', outcome: 'kept' }),
      record('e', { target: 'other' }),
    ]),
  );
  expect([...plan.idsOf('cache', 'i-1')]).toEqual(['a']);
  expect([...plan.idsOf('cache', 'i-2')]).toEqual(['b']);
  expect([...plan.idsOf('cache', 'i-3')]).toEqual([]);
  expect([...plan.instancesOf('cache')]).toEqual(['i-1', 'i-2']);
  expect([...plan.instancesOf('none')]).toEqual([]);
});

test('what a plan says is approved, also where it was changed after the review', async () => {
  const reviewed = textOf([record('a'), record('b', { decision: 'keep', outcome: 'kept' })]);
  const changed = reviewed.replace('"a"', '"c"').replace('"b"', '"a"').replace('"c"', '"b"');
  expect([...(await read(reviewed)).idsOf('cache', 'i-1')]).toEqual(['a']);
  expect([...(await read(changed)).idsOf('cache', 'i-1')]).toEqual(['b']);
});

test('a plan of many records is read whole, wherever the reading is cut', async () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => `ü${index}`);
  const plan = await read(textOf(ids.map((id) => record(id))));
  expect([...plan.idsOf('cache', 'i-1')]).toEqual(ids);
});

test('a plan that was saved with other line ends is the same plan', async () => {
  const plan = await read(textOf([record('a')]).replaceAll('\n', '\r\n'));
  expect([...plan.idsOf('cache', 'i-1')]).toEqual(['a']);
});

describe('a plan is refused', () => {
  const whole = textOf([record('a'), record('b')]);
  const lines = whole.split('\n');
  test.each([
    ['that is empty', '', ' it is empty'],
    [
      'without its last line',
      lines.slice(0, 3).join('\n'),
      '3: it ends here, and its last line is missing',
    ],
    [
      'without its last records',
      [...lines.slice(0, 2), ...lines.slice(3)].join('\n'),
      '3: 1 records, and it should have 2: it was changed, or cut short',
    ],
    ['that is cut in a line', whole.slice(0, -60), ': not a line of a records file'],
    ['with more after its end', `${whole}{}\n`, '5: there is more after its last line'],
    [
      'of a run',
      textOf([], { ...HEADER, dryRun: false }),
      '1: the records file of a run; --plan takes that of a plan',
    ],
    [
      'of another policy',
      textOf([], { ...HEADER, policy: 'other' }),
      '1: it was made with another policy',
    ],
    [
      'of a later format',
      textOf([], { ...HEADER, records: 2 }),
      '1: its format is 2, and this program reads 1',
    ],
    [
      'without a time',
      textOf([], { ...HEADER, startedAt: 'soon' }),
      '1: its startedAt is not a date and time',
    ],
    [
      'of the future',
      textOf([], { ...HEADER, startedAt: new Date(NOW + DAY).toISOString() }),
      '1: it was made in the future',
    ],
    [
      'that is CSV',
      'target,instance\na,b\n',
      '1: not the records file of a plan; make one with: plan --records plan.jsonl',
    ],
    ['that is a policy', 'version: 1\n', '1: not the records file of a plan'],
    ['that is a summary', '{"schemaVersion":1}\n', '1: not the records file of a plan'],
    [
      'with a record that was deleted',
      textOf([record('a', { outcome: 'deleted' })]),
      '2: not a record of a plan',
    ],
    [
      'with a record that is kept and remains',
      textOf([record('a', { decision: 'keep' })]),
      '2: not a record of a plan',
    ],
    [
      'with a record without an id',
      textOf([record('a', { id: null })]),
      '2: not a record of a plan',
    ],
    [
      'with a record without an instance',
      textOf([record('a', { instance: 1 })]),
      '2: not a record of a plan',
    ],
    ['in UTF-16', Buffer.from(`\uFEFF${whole}`, 'utf16le'), ' it is UTF-16; save it as UTF-8'],
    ['in Latin-1', Buffer.from(textOf([record('ü')]), 'latin1'), ' it is not UTF-8'],
    ['of one endless line', 'x'.repeat(1_100_000), ' a line of more than 1000000 bytes'],
  ])('%s', async (_, content, problem) => {
    expect(await problemOf(content)).toContain(problem);
  });

  test.each([
    [
      8 * DAY,
      '1: it is 8 days old, and may be 7 days old; make the plan again, or allow more with --plan-max-age',
    ],
    [7 * DAY, 'no problem'],
  ])('that is %d ms old', async (age, problem) => {
    const header = { ...HEADER, startedAt: new Date(NOW - age).toISOString() };
    expect(await problemOf(textOf([], header))).toBe(problem);
  });

  test('that is not there', async () => {
    const none = readApprovedPlan(join(folder.path, 'none.jsonl'), EXPECTED);
    await expect(none).rejects.toThrow('none.jsonl: there is no such file');
    await expect(readApprovedPlan(folder.path, EXPECTED)).rejects.toThrow(
      'it is a folder; name another file',
    );
  });
});

test('a plan that approves more than memory is meant for is refused, with what to do; what it keeps takes none', async () => {
  const file = join(folder.path, 'plan.jsonl');
  const kept = Array.from({ length: 100 }, (_, at) => record(`k-${at}`, { outcome: 'kept' }));
  const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(40));
  await writeFile(file, textOf([...kept, ...ids.map((id) => record(id))]));
  const plan = await readApprovedPlan(file, EXPECTED, 300);
  expect([...plan.idsOf('cache', 'i-1')]).toEqual(ids);
  await expect(readApprovedPlan(file, EXPECTED, 299)).rejects.toThrow(
    /plan\.jsonl:104: more records are approved than memory is meant for; plan fewer targets at once \(--target\)/,
  );
});

test('whatever stands in it: a plan, or an error of its own; and nothing is approved that it does not say', async () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        target: fc.oneof(fc.constant('cache'), fc.jsonValue()),
        instance: fc.oneof(fc.constant('i-1'), fc.jsonValue()),
        id: fc.oneof(fc.constantFrom('a', 'b'), fc.jsonValue()),
        decision: fc.oneof(fc.constantFrom('delete', 'keep'), fc.jsonValue()),
        outcome: fc.oneof(fc.constantFrom('remaining', 'kept', 'held-back'), fc.jsonValue()),
      },
      { requiredKeys: [] },
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(value), fc.array(fc.nat({ max: 500 })), async (values, cuts) => {
      const header = JSON.stringify(HEADER);
      let text = [header, ...values.map((one) => JSON.stringify(one))].join('\n');
      text += `\n${JSON.stringify({ end: true, records: values.length })}\n`;
      for (const cut of cuts.slice(0, 2)) text = text.slice(0, cut) + text.slice(cut + 1);
      const file = join(folder.path, 'plan.jsonl');
      await writeFile(file, text);
      try {
        const plan = await readApprovedPlan(file, EXPECTED);
        for (const id of plan.idsOf('cache', 'i-1')) expect(text).toContain(JSON.stringify(id));
      } catch (error) {
        expect(error).toBeInstanceOf(PlanError);
      }
    }),
    { numRuns: 300 },
  );
});
