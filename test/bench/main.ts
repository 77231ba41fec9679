import { readFile, writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { PARTS } from './parts.ts';
import {
  describeMachine,
  figuresIn,
  performancePage,
  type Result,
  terminalRow,
  verdictOf,
} from './report.ts';

type Options = { quick?: boolean; json?: boolean; only?: string[] };

const program = new Command('npm run bench --')
  .description('Measures how well the cleanup does, mostly as ratios.')
  .option('--quick', 'a minute or two, rough')
  .addOption(new Option('--only <part...>', 'only this part').choices(Object.keys(PARTS)))
  .option('--json', 'the results as JSON on standard output, and nothing else there')
  .addHelpText(
    'after',
    `
A full run takes some fifteen minutes and writes docs/performance.md; with --quick or --only nothing
is written. Exit status 0 when all was measured, whether targets are met or missed.`,
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
const { quick = false, json = false, only } = program.opts<Options>();

const print = (text: string) => (json ? process.stderr : process.stdout).write(text);
const minutes = () => (process.uptime() / 60).toFixed(1);
const template = await readFile('test/bench/page.md', 'utf8');
const figures = figuresIn(template);
const machine = describeMachine();
print(`${machine}\n${quick ? 'quick: smaller everywhere, and rough\n' : ''}\n`);
const results = new Map<string, Result>();
for (const [part, measure] of Object.entries(PARTS)) {
  if (only && !only.includes(part)) continue;
  process.stderr.write(`after ${minutes()} minutes: ${part}\n`);
  const measured = await measure(quick);
  for (const [name, values] of Object.entries(measured)) {
    const figure = figures.get(name);
    if (!figure) throw new Error(`page.md has no figure ${name}`);
    const result = { ...figure, ...values };
    results.set(name, result);
    print(terminalRow(result));
  }
}
const rows = [...results].map(([figure, result]) => ({
  figure,
  ...result,
  verdict: verdictOf(result),
}));
const missed = rows.filter(({ verdict }) => verdict === 'missed').length;
print(`\n${rows.length} figures in ${minutes()} minutes, ${missed} missed.\n`);
if (json) process.stdout.write(`${JSON.stringify({ machine, quick, results: rows }, null, 2)}\n`);
if (!quick && !only) {
  await writeFile('docs/performance.md', performancePage(template, results, machine));
  print('docs/performance.md is written.\n');
}
