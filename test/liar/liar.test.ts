/**
 * A server that lies about everything it is asked, over real sockets in simulated time, and a run must keep all of
 * its promises nevertheless. It shares no code with the client, and none with the emulator.
 *
 * `LIAR_RUNS=5000` tries thousands of seeds instead of some, from LIAR_SEED on. A failure prints the seed that
 * plays that one run again. `LIAR_MINUTES=10` lies for so long in one process, and then looks at what is left of it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { keepEnvironment } from '../environment.ts';
import { type Story, storyOf } from './estate.ts';
import { judge } from './judge.ts';
import { type Played, play } from './play.ts';
import { type SecretKeeper, startSecretKeeper } from './secret-keeper.ts';

const HOURS = 8 * 3_600_000;
const FIRST = Number(process.env.LIAR_SEED ?? 1);
/** As many as take some 20 seconds. */
const RUNS = Number(process.env.LIAR_RUNS ?? 250);
const MINUTES = Number(process.env.LIAR_MINUTES ?? 0);
/** Runs before memory is looked at for the first time: until then, modules and caches are filled. */
const WARM_UP = 40;
/** In bytes, after garbage has been collected. */
const MOST_GROWTH = 40 * 1024 * 1024;

const environment = keepEnvironment();
let keeper: SecretKeeper;
beforeAll(async () => {
  keeper = await startSecretKeeper();
});
afterAll(async () => {
  await keeper.close();
  environment.restore();
});

/** Plays what a seed stands for; where something does not hold, the error says how to see it again. */
async function playSeed(
  seed: number,
  story: Story = storyOf(seed),
  see: (played: Played) => void = () => {},
): Promise<void> {
  let told: readonly string[] = [];
  try {
    await play(story, keeper, (played) => {
      told = played.liar.told;
      see(played);
      judge(played);
    });
  } catch (error) {
    const why = error instanceof Error ? error.stack : String(error);
    const { instances, ...rest } = story;
    const lies = told.slice(0, 40).join(', ');
    throw new Error(
      `to see it again: LIAR_SEED=${seed} LIAR_RUNS=1\n\n${why}\n\nlies: ${lies}\n${JSON.stringify(rest)}`,
    );
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that are in use. */
function heap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Counts of the active resources that keep the event loop alive, by kind. */
function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Kinds of which there are more than before, also some turns later: what is closed is gone then. */
async function whatIsLeft(before: ReadonlyMap<string, number>): Promise<string[]> {
  let more: string[] = [];
  for (let turn = 0; turn < 100_000; turn += 1) {
    more = [...resources()].flatMap(([kind, count]) =>
      count > (before.get(kind) ?? 0) ? [`${kind}: ${count}, not ${before.get(kind) ?? 0}`] : [],
    );
    if (more.length === 0) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return more;
}

test(
  'whatever it is told, a run deletes nothing that stays, accounts for all, and repeats no secret',
  async () => {
    const outcomes = new Map<string, number>();
    let before = 0;
    for (let seed = FIRST; seed < FIRST + RUNS; seed += 1) {
      await playSeed(seed, undefined, ({ summary }) => {
        const { outcome, totals } = summary;
        const kind = totals.deleted > 0 ? `${outcome}, and something deleted` : outcome;
        outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
      });
      const played = seed - FIRST + 1;
      if (played === WARM_UP) before = heap();
      if (played % 100 === 0) expect(heap() - before).toBeLessThan(MOST_GROWTH);
    }
    // Lies that stop every run before its first DELETE would prove nothing.
    if (RUNS < 100) return;
    const kinds = ['complete, and something deleted', 'failed, and something deleted', 'failed'];
    for (const kind of kinds) expect(outcomes.get(kind)).toBeGreaterThan(RUNS / 50);
  },
  HOURS,
);

test(
  'the same seed takes the same course',
  async () => {
    for (let seed = FIRST; seed < FIRST + 10; seed += 1) {
      const courses: unknown[] = [];
      for (let n = 0; n < 2; n += 1) {
        await playSeed(seed, undefined, ({ events, liar }) => {
          const course = events.map(({ kind, exchange }) => {
            const { method, url, at, answer, error } = exchange;
            return [kind, method, url.pathname, url.search, at, answer?.status, error].join(' ');
          });
          courses.push([course, liar.told]);
        });
      }
      expect(courses[1]).toEqual(courses[0]);
    }
  },
  HOURS,
);

test(
  'after many small lies, sockets, timers and memory are at their end as at their beginning',
  async () => {
    const end = performance.now() + MINUTES * 60_000;
    // Servers of other tests may be closing still: theirs may go.
    const before = resources();
    let heapBefore = 0;
    let seed = FIRST;
    for (let n = 0; n < 4 * WARM_UP || performance.now() < end; n += 1, seed += 1) {
      if (n === WARM_UP) heapBefore = heap();
      await playSeed(seed, small(storyOf(seed)));
    }
    expect(await whatIsLeft(before)).toEqual([]);
    expect(heap() - heapBefore).toBeLessThan(MOST_GROWTH);
  },
  HOURS,
);

/** Everybody lies, a little and in all ways; few records are enough. */
function small(story: Story): Story {
  const shares = Object.fromEntries(Object.keys(story.shares).map((name) => [name, 0.2]));
  const instances = story.instances.map((one) => ({ ...one, rows: one.rows.slice(0, 12) }));
  return {
    ...story,
    instances,
    shares: shares as Story['shares'],
    ways: ['rows', 'page', 'body', 'answer', 'headers', 'wire'],
    inSecret: false,
  };
}
