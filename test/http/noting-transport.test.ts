import { expect, test } from '@jest/globals';
import { noteClocks } from '../../lib/http/noting-transport.ts';
import type { Transport } from '../../lib/http/transport.ts';
import { FakeClock } from '../fake-clock.ts';

const ORIGIN = 'https://dcs.example.com';
const REQUEST = { method: 'GET', url: `${ORIGIN}/v2/p/instances?limit=1`, headers: {} } as const;

function transportWith(date: string | undefined): Transport & { closed: boolean } {
  return {
    closed: false,
    send: async () => ({
      status: 200,
      header: (name) => (name === 'date' ? date : undefined),
      body: 'the body',
    }),
    close() {
      this.closed = true;
    },
  };
}

test.each([
  ['10 minutes ahead', 600_000],
  ['an hour behind', -3_600_000],
  ['the same', 0],
])('a clock that is %s is noted to the second', async (_, ahead) => {
  const clock = new FakeClock();
  const transport = noteClocks(transportWith(new Date(clock.now() + ahead).toUTCString()), clock);
  expect(transport.clockDifference(ORIGIN)).toBeUndefined();
  expect((await transport.send(REQUEST, 1000)).body).toBe('the body');
  expect(Math.abs((transport.clockDifference(ORIGIN) as number) - ahead)).toBeLessThanOrEqual(500);
  expect(transport.clockDifference('https://iam.example.com')).toBeUndefined();
});

test.each([undefined, '', 'yesterday'])('the date %p says nothing', async (date) => {
  const transport = noteClocks(transportWith(date), new FakeClock());
  await transport.send(REQUEST, 1000);
  expect(transport.clockDifference(ORIGIN)).toBeUndefined();
});

test('closing closes what is behind', () => {
  const behind = transportWith(undefined);
  noteClocks(behind, new FakeClock()).close();
  expect(behind.closed).toBe(true);
});
