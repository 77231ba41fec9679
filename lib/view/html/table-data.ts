import { shareOfMemory } from '../../model/memory.ts';
import type { RecordOutcome } from '../../model/outcome.ts';
import type { RecordError, Summary } from '../../model/summary.ts';
import { visible } from '../../model/text.ts';
import { type DecidedRecord, type Decisions, recordsOf } from '../decisions.ts';
import { heldBackOf, namesIn } from '../deletions.ts';
import { messageOf } from '../failures.ts';
import { outcomeWord } from './words.ts';

/** Most records in the table: a browser handles no more. */
export const MAX_ROWS = 200_000;
/** Share of the memory for objects that the text of the table may take: it stands in the page some four times. */
const TEXT_SHARE = 0.04;

/** The table of records, column by column; texts that repeat are positions in a list. */
export interface TableData {
  /** Target, and name or id. */
  readonly instances: readonly (readonly [target: string, name: string])[];
  /** The outcome of a record, and the reason and rule that decided it. */
  readonly verdicts: readonly (readonly [outcome: string, reason: string, rule: string])[];
  readonly texts: readonly string[];
  readonly columns: {
    readonly instance: number[];
    readonly id: (string | null)[];
    readonly name: (number | null)[];
    readonly status: (number | null)[];
    readonly user: (number | null)[];
    /** Milliseconds since the epoch. */
    readonly ended: (number | null)[];
    readonly verdict: number[];
  };
  /** The error of each row that failed. */
  readonly errors: Readonly<Record<number, number>>;
  /** How many records had each outcome, whether or not they are in the table. */
  readonly outcomes: ReadonlyMap<RecordOutcome, number>;
  /** Records that are not in the table. */
  readonly omitted: number;
}

/** The records as the page shows, filters and sorts them. */
export function tableData(
  summary: Summary,
  decisions: Decisions,
  maxRows: number = MAX_ROWS,
): TableData {
  const instances: [string, string][] = [];
  const texts = new Dictionary<string>();
  const verdicts = new Dictionary<readonly [string, string, string]>();
  const errors: Record<number, number> = {};
  const outcomes = new Map<RecordOutcome, number>();
  const columns: TableData['columns'] = {
    instance: [],
    id: [],
    name: [],
    status: [],
    user: [],
    ended: [],
    verdict: [],
  };
  let room = shareOfMemory(TEXT_SHARE);
  const shown = (text: string) => {
    room -= text.length;
    return visible(text);
  };
  const textOf = (text: string | undefined) =>
    text === undefined ? null : texts.place(text, () => shown(text));
  const count = (outcome: RecordOutcome, times = 1) => {
    if (times > 0) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + times);
  };
  let omitted = 0;
  // If not all of them fit, the ones that go are shown first.
  for (const wanted of ['delete', 'keep']) {
    let place = 0;
    for (const target of summary.targets) {
      const nameOf = namesIn(target);
      for (const instance of target.instances) {
        instances[place] = [visible(target.name), visible(nameOf(instance))];
        for (const record of recordsOf(decisions.of(target.name, instance.id))) {
          if (record.decision.action !== wanted) continue;
          count(record.outcome);
          if (columns.instance.length < maxRows && room > 0) add(place, record);
          else omitted += 1;
        }
        place += 1;
      }
    }
  }
  for (const { name, instances } of summary.targets) {
    for (const instance of instances) {
      if (decisions.of(name, instance.id)) continue;
      omitted += instance.listed;
      const heldBack = heldBackOf(instance);
      count('kept', instance.kept);
      count('deleted', instance.deleted);
      count('already-gone', instance.alreadyGone);
      count('failed', instance.failed);
      count('held-back', heldBack);
      count('remaining', instance.remaining - heldBack);
    }
  }
  return {
    instances,
    verdicts: verdicts.values,
    texts: texts.values,
    columns,
    errors,
    outcomes,
    omitted,
  };

  function add(place: number, { task, decision, outcome, error }: DecidedRecord): void {
    const { reason, rule = '' } = decision;
    const { text } = outcomeWord(outcome, summary.dryRun);
    if (error) errors[columns.id.length] = textOf(describeError(error)) as number;
    columns.instance.push(place);
    columns.id.push(task.id === undefined ? null : shown(task.id));
    columns.name.push(textOf(task.name));
    columns.status.push(textOf(task.status));
    columns.user.push(textOf(task.user));
    columns.ended.push(task.updatedAt ?? null);
    columns.verdict.push(
      verdicts.place(`${text} ${reason} ${rule}`, () => [text, reason, visible(rule)]),
    );
  }
}

/** The record's id stands beside it: without ids, the same error is one text. */
function describeError(error: RecordError): string {
  const { status, code } = error;
  const answer = [status === undefined ? '' : `HTTP ${status}`, code ?? ''].filter(Boolean);
  return `${messageOf(error)}${answer.length > 0 ? ` (${answer.join(', ')})` : ''}`;
}

/** Values by their keys, each once, in the order in which they came. */
class Dictionary<Value> {
  readonly values: Value[] = [];
  readonly #places = new Map<string, number>();

  place(key: string, make: () => Value): number {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = this.values.push(make()) - 1;
    this.#places.set(key, place);
    return place;
  }
}
