import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { describeMachine, machineLine } from './machine.ts';
import { measureDeciding } from './measure/deciding.ts';
import { measureLists } from './measure/lists.ts';
import type { Measure } from './measure/measure.ts';
import { measureProcessor } from './measure/processor.ts';
import { measureRate } from './measure/rate.ts';
import { measureScale } from './measure/scale.ts';
import { measureStartUp } from './measure/start-up.ts';
import { measureWall } from './measure/wall.ts';
import { performancePage } from './page.ts';
import { type Result, verdictOf } from './result.ts';
import { terminalRow } from './table.ts';

const PAGE = 'docs/performance.md';

const MEASURES: Readonly<Record<string, Measure>> = {
  wall: measureWall,
  processor: measureProcessor,
  lists: measureLists,
  rate: measureRate,
  scale: measureScale,
  deciding: measureDeciding,
  'start-up': measureStartUp,
};

const HELP = `Measures how well the cleanup does, as ratios: npm run bench -- [options]

  --quick        under a minute, rough
  --only NAME    only this part: ${Object.keys(MEASURES).join(', ')}; may be repeated
  --json         the results as JSON on standard output, and nothing else there
  --help         this

A full run takes up to ten minutes and writes ${PAGE}; with --quick or --only nothing is written.
Exit status 0 when all was measured, whether targets are met or missed.
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await bench(values);

async function bench(options: { quick: boolean; only?: string[]; json: boolean }): Promise<void> {
  const { quick, only = Object.keys(MEASURES), json } = options;
  const unknown = only.filter((name) => !(name in MEASURES));
  if (unknown.length > 0) {
    process.stderr.write(`--only ${unknown.join(', ')}: no such part\n\n${HELP}`);
    process.exitCode = 2;
    return;
  }
  const print = (text: string) => (json ? process.stderr : process.stdout).write(text);
  const machine = describeMachine();
  const begin = performance.now();
  print(`${machineLine(machine)}\n${quick ? 'quick: smaller everywhere, and rough\n' : ''}\n`);
  const say = (text: string) => {
    process.stderr.write(
      `${((performance.now() - begin) / 1_000).toFixed(0).padStart(4)} s  ${text}\n`,
    );
  };
  const results: Result[] = [];
  for (const name of only) {
    const measured = await (MEASURES[name] as Measure)({ quick, say });
    results.push(...measured);
    for (const result of measured) print(terminalRow(result));
  }
  const minutes = ((performance.now() - begin) / 60_000).toFixed(1);
  const missed = results.filter((result) => verdictOf(result) === 'missed').length;
  print(`\n${results.length} figures in ${minutes} minutes, ${missed} missed.\n`);
  if (json) {
    const rows = results.map((result) => ({ ...result, verdict: verdictOf(result) }));
    process.stdout.write(`${JSON.stringify({ machine, quick, results: rows }, null, 2)}\n`);
  }
  if (quick || options.only) return;
  await writeFile(PAGE, performancePage(results, machine));
  print(`${PAGE} is written.\n`);
}
