import { expect, test } from '@jest/globals';
import { demoEstate, startEmulator } from '../../lib/emulator/index.ts';

const now = Date.parse('2025-06-01T00:00:00.000Z');
const day = 24 * 60 * 60 * 1000;

type Row = { id?: unknown; status?: string; created_at?: string; updated_at?: string } | null;

const rowsOf = (estate: ReturnType<typeof demoEstate>) =>
  estate.flatMap(({ tasks = [] }) => tasks as Row[]);

test('the same seed makes the same estate, another seed another', () => {
  expect(demoEstate({ now, seed: 7 })).toEqual(demoEstate({ now, seed: 7 }));
  expect(demoEstate({ now, seed: 7 })).not.toEqual(demoEstate({ now, seed: 8 }));
});

test('every service has several instances', () => {
  const services = demoEstate({ now }).map(({ service }) => service);
  for (const service of ['dcs', 'dcs-v1', 'kafka', 'rabbitmq', 'rocketmq']) {
    expect(services.filter((one) => one === service).length).toBeGreaterThanOrEqual(2);
  }
});

test('there are some hundreds of records, finished, failed, cancelled, running and odd ones', () => {
  const rows = rowsOf(demoEstate({ now }));
  expect(rows.length).toBeGreaterThan(400);
  expect(rows.length).toBeLessThan(1000);
  const statuses = new Set(rows.map((row) => row?.status));
  for (const status of ['SUCCESS', 'FAILED', 'CANCELLED', 'EXECUTING', 'CREATED', 'PAUSED']) {
    expect(statuses).toContain(status);
  }
  expect(rows).toContain(null);
  expect(rows.some((row) => row?.status && row.updated_at === undefined)).toBe(true);
});

test('records lie within half a year, and none ends before it began or in the future', () => {
  for (const row of rowsOf(demoEstate({ now }))) {
    const [created, updated] = [row?.created_at, row?.updated_at].map((text) =>
      Date.parse(text ?? ''),
    ) as [number, number];
    if (Number.isNaN(created) || Number.isNaN(updated)) continue;
    expect(created).toBeGreaterThan(now - 181 * day);
    expect(updated).toBeGreaterThanOrEqual(created);
    expect(updated).toBeLessThanOrEqual(now);
  }
});

test('ids are unique', () => {
  const ids = rowsOf(demoEstate({ now })).flatMap((row) => row?.id ?? []);
  expect(new Set(ids).size).toBe(ids.length);
});

test('it can be put into an emulator as it is', async () => {
  const emulator = await startEmulator();
  for (const seed of demoEstate({ now })) emulator.addInstance(seed);
  expect(emulator.instances().map(({ name }) => name)).toContain('orders-events');
  await emulator.close();
});
