import { CONTESTANTS } from './contestant.ts';
import { FIGURES, type Figure, type FigureName } from './figures.ts';
import { type Machine, machineLine } from './machine.ts';
import { formatTarget, type Result, verdictOf } from './result.ts';
import { markdownTable } from './table.ts';

/** docs/performance.md: the results of one full run, and what they mean. */
export function performancePage(results: readonly Result[], machine: Machine): string {
  const { date, commit, packages } = machine;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const missed = results.filter((result) => verdictOf(result) === 'missed');
  return `${[
    '# Performance',
    '',
    'Written by `npm run bench`, and not by hand: the table is the output of one run.',
    '',
    `${date}, commit ${commit}, on ${machineLine(machine)}.`,
    `Compared: ${versions.join(', ')}.`,
    '',
    markdownTable(results),
    '',
    '## How to read it',
    '',
    'Every figure but two is a ratio of two measurements that were made in turns in the same run, so that a busy machine slows both: medians over rounds. Absolute times, where they stand beside it, hold for that machine at that time. The emulator of the task API runs in a process of its own and checks every signature; every contestant runs in a process of its own. A round counts only when exactly the expired records are gone.',
    '',
    'The contestants:',
    '',
    ...Object.entries(CONTESTANTS).map(([name, text]) => `- **${name}**: ${text}`),
    '',
    '## What limits the figures that are missed',
    '',
    ...(missed.length === 0 ? ['None is missed.'] : missed.flatMap(limitOf)),
    '',
    '## The figures',
    '',
    ...Object.values<Figure>(FIGURES).map(({ title, meaning }) => `- **${title}.** ${meaning}`),
    '',
    '## Running it',
    '',
    '`npm run bench` takes up to ten minutes on two cores and writes this page. `npm run bench -- --quick` takes under a minute, is rough, and writes nothing; `--only NAME` measures some of it, and `--json` prints the results for machines. Let nothing else run meanwhile.',
  ].join('\n')}\n`;
}

function limitOf({ figure }: Result): string[] {
  const { title, limit, ...rest }: Figure = FIGURES[figure as FigureName];
  const because = limit ?? 'Not explained yet: profile it (`node --cpu-prof`).';
  return [`- **${title}** (target ${formatTarget({ title, ...rest })}): ${because}`];
}
