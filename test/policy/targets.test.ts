import { describe, expect, test } from '@jest/globals';
import { loadPolicy } from '../../lib/policy/load.ts';
import { inProject, isMeant, targetNamed, writtenName } from '../../lib/policy/targets.ts';
import { policyText } from '../policies.ts';

const policy = loadPolicy(
  policyText('keepFor: 30d\nprojects: ["*"]')
    .replace('service: dcs', 'service: [dcs, kafka]')
    .replace('region: eu-de', 'region: [eu-de, eu-nl]')
    .concat('  - { name: cachet, cloud: otc, service: dcs, region: eu-ch2, keepFor: 1d }\n'),
  'p.yml',
);
const names = policy.targets.map(({ name }) => name);

describe('a name means', () => {
  test.each([
    ['cache', names.slice(0, 4)],
    ['cachet', ['cachet']],
    ['cache/kafka', ['cache/kafka/eu-de', 'cache/kafka/eu-nl']],
    ['cache/kafka/eu-nl', ['cache/kafka/eu-nl']],
    ['cache/kafka/eu-nl/eu-nl_team', ['cache/kafka/eu-nl']],
    ['cachet/eu-ch2', []],
    ['cach', []],
    ['cache/', []],
    ['cache/kafk', []],
  ])('%s: %j', (name, expected) => {
    const meant = policy.targets.filter((target) => isMeant(name, target));
    expect(meant.map((target) => target.name)).toEqual(expected);
  });
});

describe('a target is found by', () => {
  test('its name', () => {
    expect(targetNamed(policy, 'cache/dcs/eu-nl')).toBe(policy.targets[1]);
    expect(targetNamed(policy, 'cachet')).toBe(policy.targets[4]);
  });

  test('that of one of its projects, which it then has', () => {
    const name = 'cache/dcs/eu-nl/eu-nl_team';
    expect(targetNamed(policy, name)).toEqual({ ...policy.targets[1], name });
  });

  test.each(['cache', 'cache/dcs', 'cachet/eu-ch2', 'other'])('no other name: %s', (name) => {
    expect(targetNamed(policy, name)).toBeUndefined();
  });
});

test('a target in a project has its id, and looks for no others', () => {
  const [target] = policy.targets;
  if (!target) throw new Error('the policy has targets');
  const { projects: _, ...rest } = target;
  expect(inProject(target, { id: 'p1', name: 'eu-de_team' })).toEqual({
    ...rest,
    name: 'cache/dcs/eu-de/eu-de_team',
    projectId: 'p1',
  });
});

test('the name of a combination begins with that under which its target is written', () => {
  expect(policy.targets.map(writtenName)).toEqual([...Array(4).fill('cache'), undefined]);
});
