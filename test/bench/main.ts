import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { processor, wall } from './measure/deletes.ts';
import { day, lists, rate } from './measure/requests.ts';
import { deciding, scale } from './measure/scale.ts';
import { command, startUp } from './measure/start-up.ts';
import {
  describeMachine,
  type Part,
  performancePage,
  type Result,
  terminalRow,
  verdictOf,
} from './report.ts';

/** All that is measured, by the names that `--only` takes, in the order of the page. */
export const PARTS: Readonly<Record<string, Part>> = {
  wall,
  processor,
  day,
  lists,
  rate,
  scale,
  deciding,
  'start-up': startUp,
  command,
};

const HELP = `Measures how well the cleanup does, mostly as ratios: npm run bench -- [options]

  --quick        a minute or two, rough
  --only NAME    only this part: ${Object.keys(PARTS).join(', ')}; may be repeated
  --json         the results as JSON on standard output, and nothing else there
  --help         this

A full run takes some fifteen minutes and writes docs/performance.md; with --quick or --only nothing
is written. Exit status 0 when all was measured, whether targets are met or missed.
`;

/** Measures what the command line asks for. */
export async function main(): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  const only = { type: 'string', multiple: true } as const;
  const options = { quick: flag, json: flag, help: flag, only };
  const { quick, json, help, only: parts } = parseArgs({ options }).values;
  const unknown = parts?.find((name) => !Object.hasOwn(PARTS, name));
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  if (unknown !== undefined) {
    process.stderr.write(`--only ${unknown}: no such part\n\n${HELP}`);
    process.exitCode = 2;
    return;
  }
  const print = (text: string) => (json ? process.stderr : process.stdout).write(text);
  const machine = describeMachine();
  print(`${machine}\n${quick ? 'quick: smaller everywhere, and rough\n' : ''}\n`);
  const results = new Map<string, Result>();
  for (const part of parts ?? Object.keys(PARTS)) {
    const { figures, measure } = PARTS[part] as Part;
    const measured = await measure(quick);
    for (const [name, figure] of Object.entries(figures)) {
      const result = { ...figure, ...(measured[name] ?? { skipped: 'nothing came of it' }) };
      results.set(name, result);
      print(terminalRow(result));
    }
  }
  const rows = [...results].map(([figure, each]) => ({
    figure,
    ...each,
    verdict: verdictOf(each),
  }));
  const missed = rows.filter(({ verdict }) => verdict === 'missed').length;
  print(
    `\n${rows.length} figures in ${(process.uptime() / 60).toFixed(1)} minutes, ${missed} missed.\n`,
  );
  if (json) process.stdout.write(`${JSON.stringify({ machine, quick, results: rows }, null, 2)}\n`);
  if (quick || parts) return;
  const template = await readFile('test/bench/page.md', 'utf8');
  await writeFile('docs/performance.md', performancePage(template, results, machine));
  print('docs/performance.md is written.\n');
}
