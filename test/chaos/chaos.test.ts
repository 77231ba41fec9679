/**
 * The emulator misbehaves at random, over real sockets in simulated time, and a run must keep all of
 * its promises nevertheless.
 *
 * `CHAOS_RUNS=5000` tries thousands of cases instead of some. A failure prints CHAOS_SEED and
 * CHAOS_PATH: with these two variables, and the name of the test after `-t`, that one case is played
 * again, request by request.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judge, judgeTogether } from './judge.ts';
import { play } from './play.ts';
import { holds } from './replay.ts';
import { calmScenario, scenario } from './scenario.ts';

const HOURS = 8 * 3_600_000;

test(
  'whatever goes wrong, nothing that stays is asked to go, and every record is accounted for',
  async () => {
    await holds(
      fc.asyncProperty(scenario, (one) => play(one, (outcome) => judge(one, outcome))),
      200,
    );
  },
  HOURS,
);

test(
  'the same scenario takes the same course',
  async () => {
    await holds(
      fc.asyncProperty(scenario, async (one) => {
        const courses: string[][] = [];
        for (let n = 0; n < 2; n += 1) {
          await play(one, ({ exchanges }) => {
            courses.push(
              exchanges.map(({ method, url, at, endedAt = 0, answer, error }) =>
                [method, url.pathname + url.search, at, endedAt, answer?.status ?? error].join(' '),
              ),
            );
          });
        }
        expect(courses[1]).toEqual(courses[0]);
      }),
      10,
    );
  },
  HOURS,
);

test(
  'two runs at once delete each expired record once, and both end well',
  async () => {
    await holds(
      fc.asyncProperty(calmScenario, fc.nat({ max: 2_000 }), async (one, delay) => {
        await play(
          one,
          (outcome) => {
            judge(one, outcome);
            judgeTogether(one, outcome);
          },
          [0, delay],
        );
      }),
      50,
    );
  },
  HOURS,
);

test(
  'two runs at once do no harm, whatever goes wrong',
  async () => {
    await holds(
      fc.asyncProperty(scenario, fc.nat({ max: 2_000 }), (one, delay) =>
        play(one, (outcome) => judge(one, outcome), [0, delay]),
      ),
      50,
    );
  },
  HOURS,
);
