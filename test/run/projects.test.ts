import { beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO_ACCESS_KEY, DEMO_USER, type Emulator } from '../../lib/emulator/index.ts';
import type { Summary } from '../../lib/model/summary.ts';
import { policyOf, targetOf } from '../policies.ts';
import { expired, fresh } from '../records.ts';
import { startWorld, useWorld } from './world.ts';

const PROJECTS = ['eu-de', 'eu-de_a', 'eu-de_b', 'eu-nl', 'eu-nl_a', 'eu-nl_b', 'MOS'];
const REGIONS = ['eu-de', 'eu-nl'];

const world = useWorld({ projects: PROJECTS.map((name, i) => ({ id: idOf(i), name })) });
let emulator: Emulator;
beforeEach(() => {
  emulator = world.emulator;
  for (const { id } of emulator.projects) {
    for (const service of ['dcs', 'kafka'] as const) {
      emulator.addInstance({ service, projectId: id, tasks: [...expired(2), fresh()] });
    }
  }
});

function idOf(index: number): string {
  return `0b01fbb53600d4671fa8c00673c7${index.toString(16).padStart(4, '0')}`;
}

const hexOf = (text: string) => Buffer.from(text).toString('hex');

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
    [
      'gives one id to two',
      { projects: ['eu-de_a', 'eu-nl'].map((name) => ({ id: idOf(1), name })) },
      `the id ${idOf(1)} stands for two projects`,
    ],
    [
      'has an id that is a path',
      { projects: [{ id: '../x', name: 'eu-de' }] },
      'the id or the name of 1 project cannot be used',
    ],
    [
      'has no names',
      { projects: [{ id: idOf(1) }, null] },
      'the id or the name of 2 projects cannot be used',
    ],
    [
      'has a secret in an id and in a name',
      {
        projects: [
          { id: idOf(1), name: 'eu-de' },
          { id: hexOf(DEMO_ACCESS_KEY.secretKey), name: 'eu-de_a' },
          { id: idOf(2), name: `eu-de_${hexOf(DEMO_ACCESS_KEY.secretKey)}` },
        ],
      },
      'the id or the name of 2 projects cannot be used',
    ],
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

  /** A target that has one of them by its id. */
  const byId = () =>
    targetOf(emulator, {
      name: 'one',
      cloud: 'otc',
      region: 'eu-de',
      projectId: idOf(1),
      keepFor: '1d',
    });

  test('that are disabled are not cleaned by another target either, which has one by its id', async () => {
    emulator.projects.splice(1, 1, { id: idOf(1), name: 'eu-de_a', enabled: false });
    const summary = await world.run(
      policyOf([account({ service: 'dcs', region: 'eu-de' }), byId()]),
    );
    const { instances } = summary.targets.find(({ name }) => name === 'one') ?? {};
    expect(instances).toMatchObject([{ stoppedBy: 'overlap', deleted: 0 }]);
  });

  test('of which another target has one by its id are left alone by both there', async () => {
    for (const targets of [undefined, ['acme'], ['one'], ['acme/eu-de_a']]) {
      const summary = await world.run(
        policyOf([account({ service: 'dcs', region: 'eu-de' }), byId()]),
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

describe('the project of a region', () => {
  const single = (fields: object = {}) =>
    account({ service: 'dcs', region: 'eu-de', projects: undefined, ...fields });
  /** Lets the list be another one, whatever was asked for. */
  const list = (projects: readonly object[]) => {
    emulator.intercept = ({ operation }) =>
      operation === 'projects' ? { body: { projects } } : undefined;
  };

  test('is left alone with a warning where it is disabled, and the others are cleaned', async () => {
    emulator.projects.splice(0, 1, { id: idOf(0), name: 'eu-de', enabled: false });
    const [own] = emulator.instances().filter(({ projectId }) => projectId === idOf(1));
    const instances = { include: [own?.id] };
    const other = { ...single({ name: 'other', instances }), projectId: idOf(1) };
    const summary = await world.run(policyOf([single(), other]));
    expect(summary).toMatchObject({
      outcome: 'complete',
      totals: { targets: 2, instances: 1, deleted: 2 },
      warnings: ['acme: project eu-de is disabled, and left alone'],
    });
    expect(emulator.journal.filter({ projectId: idOf(0) })).toEqual([]);
  });

  test('is cleaned where IAM lists all of them, though it was asked for one', async () => {
    list([...emulator.projects].reverse());
    const { outcome, totals } = await world.run(policyOf([single()]));
    expect([outcome, totals.deleted]).toEqual(['complete', 2]);
    expect(emulator.journal.deletes().every(({ projectId }) => projectId === idOf(0))).toBe(true);
  });

  test('is not another one that IAM gives in its place: nothing goes', async () => {
    list([{ id: idOf(3), name: 'eu-nl' }]);
    const summary = await world.run(policyOf([single()]));
    expect(failures(summary)[0]?.[1]).toMatch(
      /asked for the one named eu-de, and answered with eu-nl\. Write projectId in the policy\.$/,
    );
    expect(emulator.journal.deletes()).toEqual([]);
  });

  test('is not another one that the token is for: nothing goes', async () => {
    const project = { id: idOf(3), name: 'eu-nl' };
    emulator.intercept = ({ operation }) =>
      operation === 'token'
        ? { rewrite: (body) => ({ token: { ...(body as { token: object }).token, project } }) }
        : undefined;
    const summary = await world.run(
      policyOf([single()]),
      {},
      { credentials: () => ({ name: 'the test', read: async () => DEMO_USER }) },
    );
    expect(failures(summary)[0]?.[1]).toMatch(/asked for the one named eu-de, .* with eu-nl\./);
    expect(emulator.journal.count()).toBe(1);
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

describe('very many projects in one answer', () => {
  const answer = (count: number, rowOf: (i: number) => object) => {
    const projects = Array.from({ length: count }, (_, i) => rowOf(i));
    emulator.intercept = ({ operation }) =>
      operation === 'projects' ? { body: { projects } } : undefined;
  };
  const numbered = (i: number) => ({ id: String(i), name: `eu-de_${i}` });
  const run = (projects: readonly string[], stop?: AbortSignal) =>
    world.run(policyOf([account({ service: 'dcs', region: 'eu-de', projects })]), {}, { stop });

  test('are looked through for those that the policy names', async () => {
    answer(200_000, numbered);
    emulator.addInstance({ service: 'dcs', projectId: '199999', tasks: expired(2) });
    const { outcome, totals } = await run(['eu-de_199999']);
    expect([outcome, totals.targets, totals.deleted]).toEqual(['complete', 1, 2]);
  });

  test('fail the target where the last two have one name', async () => {
    answer(200_000, (i) => ({ ...numbered(i), name: `eu-de_${Math.min(i, 199_998)}` }));
    expect(failures(await run(['*']))[0]?.[1]).toMatch(/has two projects named eu-de_199998,/);
  });

  test('are not all in the message where no pattern means any', async () => {
    answer(200_000, numbered);
    const [, message = ''] = failures(await run(['eu-de']))[0] ?? [];
    expect(message).toMatch(/have access to: eu-de_0, eu-de_1, .* and 199950 more$/);
    expect(message.length).toBeLessThan(2_000);
  });

  test('are all accounted for, and no more is sent, once the run is stopped', async () => {
    answer(100_000, (i) => ({ ...numbered(i), id: i.toString(16).padStart(32, '0') }));
    const { intercept } = emulator;
    const stop = new AbortController();
    emulator.intercept = (entry, call) => {
      if (entry.operation !== 'projects') stop.abort();
      return intercept?.(entry, call);
    };
    const summary = await run(['*'], stop.signal);
    expect(summary).toMatchObject({ outcome: 'incomplete', totals: { targets: 100_000 } });
    expect(summary.targets.at(-1)).toMatchObject({
      name: 'acme/eu-de_99999',
      outcome: 'incomplete',
      error: { code: 'stopped', message: 'the run had to stop before it was reached' },
    });
    expect(emulator.journal.count()).toBeLessThan(20);
  });
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
