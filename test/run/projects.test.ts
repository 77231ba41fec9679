import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO_USER, type Emulator } from '../../lib/emulator/index.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { policyOf, targetOf } from '../policies.ts';
import { expired, fresh } from '../records.ts';
import { startWorld, type World } from './world.ts';

const PROJECTS = ['eu-de', 'eu-de_a', 'eu-de_b', 'eu-nl', 'eu-nl_a', 'eu-nl_b', 'MOS'];
const REGIONS = ['eu-de', 'eu-nl'];

let world: World;
let emulator: Emulator;
beforeEach(async () => {
  const projects = PROJECTS.map((name, i) => ({ id: idOf(i), name }));
  world = await startWorld({ projects });
  emulator = world.emulator;
  for (const { id } of emulator.projects) {
    for (const service of ['dcs', 'kafka'] as const) {
      emulator.addInstance({ service, projectId: id, tasks: [...expired(2), fresh()] });
    }
  }
});
afterEach(() => world.close());

function idOf(index: number): string {
  return `0b01fbb53600d4671fa8c00673c7${index.toString(16).padStart(4, '0')}`;
}

function account(fields: object = {}): object {
  const { projectId: _, ...target } = targetOf(emulator, {
    name: 'acme',
    cloud: 'otc',
    service: ['dcs', 'kafka'],
    region: REGIONS,
    projects: ['*'],
    ...fields,
  }) as { projectId: string };
  return target;
}

const namesIn = ({ targets }: Summary) => targets.map(({ name }) => name);
const failures = ({ targets }: Summary) =>
  targets.flatMap(({ name, error }) => (error ? [[name, error.message]] : []));

describe('2 services in 2 regions and 3 projects, in one target', () => {
  const ALL = ['dcs', 'kafka'].flatMap((service) =>
    PROJECTS.slice(0, -1).map((name) => `acme/${service}/${name.slice(0, 5)}/${name}`),
  );

  test('are 12 targets: what has expired goes, with one lookup of projects for each region', async () => {
    const summary = await world.run(policyOf([account()]));
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { targets: 12, instances: 12, listed: 36, kept: 12, deleted: 24 },
    });
    expect(namesIn(summary)).toEqual(ALL);
    expect(emulator.journal.count({ operation: 'projects' })).toBe(2);
    const untouched = emulator.instances().filter(({ projectId }) => projectId === idOf(6));
    expect(untouched.map((instance) => instance.taskIds().length)).toEqual([3, 3]);
    expect(summary.requests.sent).toBe(emulator.journal.count());
  });

  test('with a password need a token for each project and one for the lookup, and no more', async () => {
    const { outcome } = await world.run(
      policyOf([account()]),
      {},
      { credentials: () => ({ name: 'the test', read: async () => DEMO_USER }) },
    );
    expect(outcome).toBe('complete');
    const scopes = emulator.journal
      .filter({ operation: 'token' })
      .map(({ body }) => JSON.stringify(JSON.parse(body).auth.scope));
    expect(scopes).toHaveLength(7);
    expect(new Set(scopes).size).toBe(7);
  });

  test.each([
    [['acme'], 12],
    [['acme/kafka'], 6],
    [['acme/kafka/eu-nl'], 3],
    [['acme/kafka/eu-nl/eu-nl_a', 'acme/dcs/eu-de'], 4],
  ])('%j asks for %i of them', async (targets, count) => {
    const summary = await world.run(policyOf([account()]), { targets });
    expect(summary.totals).toMatchObject({ targets: count, deleted: 2 * count });
  });

  test('a project that is asked for and that there is not fails its target', async () => {
    const summary = await world.run(policyOf([account()]), { targets: ['acme/dcs/eu-de/eu-de_c'] });
    expect(failures(summary)).toEqual([
      [
        'acme/dcs/eu-de',
        'unknown target "acme/dcs/eu-de/eu-de_c" (did you mean "acme/dcs/eu-de/eu-de_a"?); known targets: acme/dcs/eu-de/eu-de, acme/dcs/eu-de/eu-de_a, acme/dcs/eu-de/eu-de_b',
      ],
    ]);
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('an unknown name is refused before anything is sent', async () => {
    await expect(world.run(policyOf([account()]), { targets: ['acme/dms'] })).rejects.toThrow(
      'unknown target "acme/dms"; known targets: acme/dcs/eu-de, acme/dcs/eu-nl, acme/kafka/eu-de, acme/kafka/eu-nl',
    );
    expect(emulator.journal.count()).toBe(0);
  });

  test('one that is forbidden fails, and the others are cleaned', async () => {
    emulator.intercept = ({ projectId }) =>
      projectId === idOf(1) ? { status: 403, body: { error_code: 'DCS.2003' } } : undefined;
    const summary = await world.run(policyOf([account({ service: 'dcs', region: 'eu-de' })]));
    expect(summary.totals.deleted).toBe(4);
    expect(summary.targets.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['acme/eu-de', 'complete'],
      ['acme/eu-de_a', 'failed'],
      ['acme/eu-de_b', 'complete'],
    ]);
  });
});

describe('projects', () => {
  test('that are disabled are left alone, with a warning', async () => {
    emulator.projects.splice(1, 1, { id: idOf(1), name: 'eu-de_a', enabled: false });
    const summary = await world.run(policyOf([account({ service: 'dcs', region: 'eu-de' })]));
    expect(namesIn(summary)).toEqual(['acme/eu-de', 'acme/eu-de_b']);
    expect(summary.outcome).toBe('complete');
    expect(summary.warnings).toEqual(['acme: project eu-de_a is disabled, and left alone']);
  });

  test('that no pattern matches fail the target before anything goes', async () => {
    const projects = ['eu-de_a', 'eu-de_x*'];
    const summary = await world.run(policyOf([account({ region: 'eu-de', projects })]));
    const message =
      'no project of region eu-de matches "eu-de_x*" under projects in the policy: correct it, or leave it out. The credentials have access to: eu-de, eu-de_a, eu-de_b';
    expect(failures(summary)).toEqual([
      ['acme/dcs', message],
      ['acme/kafka', message],
    ]);
    expect(emulator.journal.count({ operation: 'projects' })).toBe(1);
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('of two that have one name fail the target', async () => {
    emulator.projects.push({ id: idOf(9), name: 'eu-de_a' });
    const summary = await world.run(policyOf([account({ service: 'dcs', region: 'eu-de' })]));
    expect(failures(summary)[0]?.[1]).toMatch(/^region eu-de has two projects named eu-de_a/);
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test.each([
    ['is no list', { projects: 1 }, 'its answer is not the whole list'],
    ['goes on', { projects: [], links: { next: 'https://…' } }, 'its answer is not the whole list'],
    ['is refused', undefined, '403 IAM.0003: no'],
  ])('whose list %s fail the target', async (_, body, said) => {
    emulator.intercept = ({ operation }) =>
      operation !== 'projects'
        ? undefined
        : body
          ? { body }
          : { status: 403, body: { error: { code: 'IAM.0003', message: 'no' } } };
    const summary = await world.run(policyOf([account({ service: 'dcs', region: 'eu-de' })]));
    expect(failures(summary)[0]?.[1]).toBe(
      `${emulator.url} did not list the projects of region eu-de: ${said}. Write projectId instead of projects.`,
    );
  });

  test('of which another target has one by its id are left alone by both there', async () => {
    const one = targetOf(emulator, {
      name: 'one',
      cloud: 'otc',
      region: 'eu-de',
      projectId: idOf(1),
      keepFor: '1d',
    });
    for (const targets of [undefined, ['acme'], ['one'], ['acme/eu-de_a']]) {
      const summary = await world.run(
        policyOf([account({ service: 'dcs', region: 'eu-de' }), one]),
        { targets },
      );
      const inDoubt = summary.targets.filter(({ name }) => ['one', 'acme/eu-de_a'].includes(name));
      expect(inDoubt.length).toBeGreaterThan(0);
      for (const { instances } of inDoubt) {
        expect(instances).toMatchObject([{ stoppedBy: 'overlap', deleted: 0 }]);
      }
      for (const target of summary.targets) {
        if (!inDoubt.includes(target)) expect(target.outcome).toBe('complete');
      }
    }
  });
});

test('a pattern of instances is a warning where it matches in no combination', async () => {
  const [, second] = emulator.instances();
  const include = [second?.name, 'nowhere-*'];
  const summary = await world.run(policyOf([account({ instances: { include } })]));
  expect(summary.totals.instances).toBe(1);
  expect(summary.warnings).toEqual(['acme: "nowhere-*" under instances matches no instance']);
});

test('one region that is slow holds up no other', async () => {
  // Every host is the emulator, except that the projects of one region come once the other is cleaned.
  const open = await startWorld({ verify: false, projects: emulator.projects });
  for (const { id } of emulator.projects) {
    open.emulator.addInstance({ service: 'dcs', projectId: id, tasks: expired(2) });
  }
  let release = () => {};
  const cleaned = new Promise<void>((resolve) => {
    release = resolve;
  });
  open.emulator.intercept = () => {
    if (open.emulator.journal.deletedIds().length === 5) release();
    return undefined;
  };
  const {
    endpoint: _,
    iamEndpoint: __,
    ...target
  } = account({ service: 'dcs' }) as {
    endpoint: string;
    iamEndpoint: string;
  };
  const hosts = new Set<string>();
  const { outcome, totals } = await open.run(
    policyOf([target]),
    {},
    {
      transport: {
        send: async (request, ...rest) => {
          const { origin, host } = new URL(request.url);
          hosts.add(host);
          if (host.startsWith('iam.eu-nl')) await cleaned;
          const url = request.url.replace(origin, open.emulator.url);
          return await open.transport.send({ ...request, url }, ...rest);
        },
        close: () => {},
      },
    },
  );
  expect(outcome).toBe('complete');
  expect(totals.deleted).toBe(12);
  expect([...hosts].sort()).toEqual([
    'dcs.eu-de.otc.t-systems.com',
    'dcs.eu-nl.otc.t-systems.com',
    'iam.eu-de.otc.t-systems.com',
    'iam.eu-nl.otc.t-systems.com',
  ]);
  await open.close();
});

test('1,000 projects with 4 services open side by side within the limits', async () => {
  const services = ['dcs', 'kafka', 'rabbitmq', 'rocketmq'];
  const projects = Array.from({ length: 1000 }, (_, i) => ({ id: idOf(i), name: `eu-de_${i}` }));
  emulator.projects.splice(0, emulator.projects.length, ...projects);
  for (const { id } of emulator.instances()) emulator.removeInstance(id);
  const inFlight = { tokens: 0, lists: 0, mostTokens: 0, mostLists: 0 };
  emulator.intercept = async ({ operation }) => {
    const kind = operation === 'token' ? 'tokens' : 'lists';
    inFlight[kind] += 1;
    inFlight.mostTokens = Math.max(inFlight.mostTokens, inFlight.tokens);
    inFlight.mostLists = Math.max(inFlight.mostLists, inFlight.lists);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight[kind] -= 1;
    return undefined;
  };
  const { outcome, totals } = await world.run(
    policyOf([account({ service: services, region: 'eu-de', requests: { concurrency: 16 } })]),
    {},
    { credentials: () => ({ name: 'the test', read: async () => DEMO_USER }) },
  );
  expect(outcome).toBe('complete');
  expect(totals.targets).toBe(4000);
  expect(emulator.journal.count({ operation: 'token' })).toBe(1001);
  expect(inFlight.mostTokens).toBeLessThanOrEqual(8);
  expect(inFlight.mostTokens).toBeGreaterThan(1);
  expect(inFlight.mostLists).toBeLessThanOrEqual(16);
}, 120_000);
