import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { divide, type Worklist } from '../../lib/fleet/worklist.ts';

const COUNTS = { sent: 0, retried: 0, throttled: 0 };

/** A worklist of so many instances on each target; the targets of a list share an endpoint. */
function worklistOf(
  endpoints: readonly {
    concurrency: number;
    perSecond?: number | undefined;
    targets: readonly number[];
  }[],
): Worklist {
  const targets = endpoints.flatMap((endpoint, e) =>
    endpoint.targets.map((instances, t) => ({
      name: `target-${e}-${t}`,
      cloud: 'otc',
      service: 'dcs',
      region: 'eu-de',
      outcome: 'complete' as const,
      requests: COUNTS,
      projectId: `project-${e}`,
      instances: Array.from({ length: instances }, (_, i) => ({ id: `${e}-${t}-${i}`, name: '' })),
    })),
  );
  return {
    startedAt: 0,
    dryRun: false,
    warnings: [],
    failed: false,
    targets,
    endpoints: endpoints.map(({ concurrency, perSecond, targets: here }, e) => ({
      concurrency,
      ...(perSecond !== undefined && { perSecond }),
      targets: here.map((_, t) => `target-${e}-${t}`),
    })),
  };
}

describe('dividing', () => {
  const endpoint = fc.record({
    concurrency: fc.integer({ min: 1, max: 200 }),
    perSecond: fc.option(fc.double({ min: 0.01, max: 500, noNaN: true }), { nil: undefined }),
    targets: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 4 }),
  });

  test('gives every instance to one lane, and no lane more than its endpoint allows', () => {
    fc.assert(
      fc.property(
        fc.array(endpoint, { maxLength: 5 }),
        fc.integer({ min: 1, max: 100 }),
        (endpoints, instancesAtOnce) => {
          const worklist = worklistOf(endpoints);
          const lanes = divide(worklist, instancesAtOnce);
          const all = worklist.targets.flatMap(({ instances }) => instances.map(({ id }) => id));
          expect(lanes.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(all);
          for (const lane of lanes) {
            const [e = ''] = lane.items[0]?.id.split('-') ?? [];
            const allowed = endpoints[Number(e)];
            expect(new Set(lane.items.map(({ projectId }) => projectId))).toEqual(
              new Set([`project-${e}`]),
            );
            expect(lane.instancesAtOnce).toBeGreaterThanOrEqual(1);
            expect(lane.instancesAtOnce).toBeLessThanOrEqual(
              Math.min(instancesAtOnce, lane.items.length),
            );
            expect(lane.share.concurrency).toBeGreaterThanOrEqual(1);
            expect(lane.instancesAtOnce * lane.share.concurrency).toBeLessThanOrEqual(
              allowed?.concurrency ?? 0,
            );
            if (allowed?.perSecond === undefined) expect(lane.share.perSecond).toBeUndefined();
            else {
              expect((lane.share.perSecond ?? Number.NaN) * lane.instancesAtOnce).toBeCloseTo(
                allowed.perSecond,
              );
            }
          }
        },
      ),
    );
  });

  test('of some instances leaves the others out, and endpoints without any', () => {
    const worklist = worklistOf([
      { concurrency: 8, targets: [2, 2] },
      { concurrency: 8, targets: [3] },
    ]);
    const lanes = divide(worklist, 4, (target, id) => target === 'target-0-1' && id === '0-1-1');
    expect(lanes).toEqual([
      {
        items: [{ target: 'target-0-1', projectId: 'project-0', id: '0-1-1', name: '' }],
        instancesAtOnce: 1,
        share: { concurrency: 8 },
      },
    ]);
  });
});
