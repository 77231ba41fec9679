import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

interface State {
  readonly Type: string;
  readonly ItemProcessor?: { readonly States: Record<string, State> };
}
const { States } = parse(await readFile('functions/stack/fleet/state-machine.yml', 'utf8')) as {
  States: Record<string, State>;
};
const endpoint = States.CleanEndpoints?.ItemProcessor?.States ?? {};
/** Those that a run without failures goes through once for each endpoint, and once for each call. */
const ONCE = ['EndpointDone'];
const EACH_CALL = ['CleanEndpoint', 'AnythingLeft'];

const ENDPOINTS = 3;
/** Seconds of a call, without those in which it begins and ends. */
const CALL = 890;
/** USD for one run of so many instances, item by item. */
const costs = (instances: number): Record<string, number> => {
  const seconds = (instances * 32) / (ENDPOINTS * 20);
  const calls = ENDPOINTS * Math.ceil(seconds / CALL);
  const transitions =
    Object.keys(States).length + ENDPOINTS * ONCE.length + calls * EACH_CALL.length;
  return {
    'state transitions': transitions * 0.025e-3,
    'Lambda requests': (2 + calls) * 0.2e-6,
    'GB-seconds': (ENDPOINTS * seconds + calls * 2 + 2) * 0.5 * 0.0000133334,
    'S3 PUT, LIST': (instances * 0.7 + calls * 5 + 5) * 0.005e-3,
    'S3 GET': (calls * 2 + 6) * 0.0004e-3,
    secret: calls * 0.05e-4,
    log: instances * 1.5e-6 * 0.5,
  };
};

test('the states that are counted are those of the machine', () => {
  expect(Object.keys(endpoint).sort()).toEqual([...EACH_CALL, ...ONCE, 'EndpointLeft'].sort());
});

test('what the fleet costs is what its state machine and the prices of the page come to', async () => {
  const page = await readFile('docs/fleet.md', 'utf8');
  const row = (item: string): string[] => {
    const line = page.split('\n').find((text) => text.startsWith(`| ${item} |`)) ?? '';
    return line
      .split('|')
      .slice(3, 6)
      .map((cell) => cell.replaceAll('*', '').trim());
  };
  const estates = [100, 1_000, 10_000].map(costs);
  for (const item of Object.keys(costs(0))) {
    expect([item, row(item)]).toEqual([item, estates.map((cost) => cost[item]?.toFixed(4))]);
  }
  const together = estates.map((cost) => Object.values(cost).reduce((sum, usd) => sum + usd, 0));
  expect(row('**one run**')).toEqual(together.map((usd) => usd.toFixed(4)));
  expect(row('**30 runs**')).toEqual(together.map((usd) => (30 * usd).toFixed(2)));
});
