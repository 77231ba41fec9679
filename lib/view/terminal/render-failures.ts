import { counted, type Summary } from '../../model/summary.ts';
import { visible } from '../../model/text.ts';
import {
  describeAnswer,
  describeCount,
  type FailureGroup,
  type FailurePlace,
  failuresOf,
  failuresOmitted,
  groupFailures,
} from '../failures.ts';
import type { Terminal } from './terminal.ts';
import { wrap } from './wrap.ts';

/** Groups, and places of one group, that are shown unless all are asked for. */
const MAX_GROUPS = 10;
const MAX_PLACES = 5;

/** Everything that failed or was not reached, the same things together; empty where there is nothing. */
export function renderFailures(
  summary: Summary,
  terminal: Terminal,
  verbose: boolean | undefined,
): string[] {
  const groups = groupFailures(failuresOf(summary));
  const chosen = verbose ? groups : groups.slice(0, MAX_GROUPS);
  const more = groups.length - chosen.length;
  const omitted = failuresOmitted(summary);
  return [
    ...chosen.flatMap((group) => renderGroup(group, terminal, verbose ? Infinity : MAX_PLACES)),
    ...(more > 0 ? [`and ${counted(more, 'other failure')}; --verbose shows all`] : []),
    ...(omitted > 0
      ? wrap(
          '',
          `${counted(omitted, 'more record')} failed; --records FILE lists each with its error`,
          terminal.proseColumns,
        )
      : []),
  ];
}

function renderGroup(group: FailureGroup, terminal: Terminal, most: number): string[] {
  const { proseColumns, paint } = terminal;
  const count = `${describeCount(group, counted)}:`;
  const answer = describeAnswer(group);
  const text = `${count} ${visible(group.message)}${answer && ` (${answer})`}`;
  const [first = '', ...rest] = wrap('', text, proseColumns - 2);
  const places = group.places.slice(0, most);
  const more = group.places.length - places.length;
  return [
    first.replace(count, paint(group.outcome, count)),
    ...rest.map((line) => `  ${line}`),
    ...places.flatMap((place) => wrap('    ', visible(placeText(place, group)), terminal.columns)),
    ...(more > 0
      ? [`    and ${counted(more, `other ${group.of === 'target' ? 'target' : 'instance'}`)}`]
      : []),
  ];
}

function placeText({ name, count, taskIds }: FailurePlace, { of }: FailureGroup): string {
  if (of !== 'record') return name;
  const [first, second] = taskIds;
  return second === undefined
    ? `record ${first} on ${name}`
    : `${counted(count, 'record')} on ${name}, such as ${first}`;
}
