import { readFile, writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { PARTS, type Part } from './parts.ts';
import {
  describeMachine,
  figuresIn,
  performancePage,
  type Result,
  terminalRow,
  verdictOf,
} from './report.ts';

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly only?: readonly string[];
}

const only = new Option('--only <part...>', 'only this part; may be repeated');
const options = new Command('npm run bench --')
  .description('Measures how well the cleanup does, mostly as ratios.')
  .option('--quick', 'a minute or two, rough', false)
  .addOption(only.choices(Object.keys(PARTS)))
  .option('--json', 'the results as JSON on standard output, and nothing else there', false)
  .addHelpText(
    'after',
    `
A full run takes some fifteen minutes and writes docs/performance.md; with --quick or --only nothing
is written. Exit status 0 when all was measured, whether targets are met or missed.`,
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Options>();
const { quick, json, only: parts } = options;

const print = (text: string) => (json ? process.stderr : process.stdout).write(text);
const minutes = () => (process.uptime() / 60).toFixed(1);
const template = await readFile('test/bench/page.md', 'utf8');
const figures = figuresIn(template);
const machine = describeMachine();
print(`${machine}\n${quick ? 'quick: smaller everywhere, and rough\n' : ''}\n`);
const results = new Map<string, Result>();
for (const part of parts ?? Object.keys(PARTS)) {
  process.stderr.write(`after ${minutes()} minutes: ${part}\n`);
  const measured = await (PARTS[part] as Part)(quick);
  for (const [name, values] of Object.entries(measured)) {
    const figure = figures.get(name);
    if (!figure) throw new Error(`page.md has no figure ${name}`);
    const result = { ...figure, ...values };
    results.set(name, result);
    print(terminalRow(result));
  }
}
const rows = [...results].map(([figure, result]) => {
  return { figure, ...result, verdict: verdictOf(result) };
});
const missed = rows.filter(({ verdict }) => verdict === 'missed').length;
print(`\n${rows.length} figures in ${minutes()} minutes, ${missed} missed.\n`);
if (json) process.stdout.write(`${JSON.stringify({ machine, quick, results: rows }, null, 2)}\n`);
if (!quick && !parts) {
  await writeFile('docs/performance.md', performancePage(template, results, machine));
  print('docs/performance.md is written.\n');
}
