import type { Summary, TargetSummary } from '../../model/summary.ts';
import type { Task } from '../../model/task.ts';
import { visible } from '../../model/text.ts';
import type { Decision } from '../../policy/decide.ts';
import type { Decisions } from '../decisions.ts';

/** Most records in the table: a browser handles no more. */
export const MAX_ROWS = 200_000;

/** The table of records, column by column; texts that repeat are positions in a list. */
export interface TableData {
  /** Target, and name or id. */
  readonly instances: readonly (readonly [target: string, name: string])[];
  /** Action, reason and rule. */
  readonly verdicts: readonly (readonly [action: string, reason: string, rule: string])[];
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
  /** Records that are not in the table. */
  readonly omitted: number;
}

/** The records as the page shows, filters and sorts them. */
export function tableData(
  summary: Summary,
  records: Decisions,
  maxRows: number = MAX_ROWS,
): TableData {
  const instances: [string, string][] = [];
  const texts = new Dictionary<string>();
  const verdicts = new Dictionary<readonly [string, string, string]>();
  const columns: TableData['columns'] = {
    instance: [],
    id: [],
    name: [],
    status: [],
    user: [],
    ended: [],
    verdict: [],
  };
  const textOf = (text: string | undefined) =>
    text === undefined ? null : texts.place(text, () => visible(text));
  let omitted = 0;
  // If not all of them fit, the ones that go are shown first.
  for (const wanted of ['delete', 'keep']) {
    let place = 0;
    for (const target of summary.targets) {
      for (const { id, name } of target.instances) {
        instances[place] = [visible(target.name), visible(labelOf(target, id, name))];
        const { tasks = [], decisions = [] } = records.of(target.name, id) ?? {};
        tasks.forEach((task, i) => {
          const decision = decisions[i];
          if (decision?.action !== wanted) return;
          if (columns.instance.length < maxRows) add(place, task, decision);
          else omitted += 1;
        });
        place += 1;
      }
    }
  }
  return { instances, verdicts: verdicts.values, texts: texts.values, columns, omitted };

  function add(place: number, task: Task, { action, reason, rule = '' }: Decision): void {
    columns.instance.push(place);
    columns.id.push(task.id === undefined ? null : visible(task.id));
    columns.name.push(textOf(task.name));
    columns.status.push(textOf(task.status));
    columns.user.push(textOf(task.user));
    columns.ended.push(task.updatedAt ?? null);
    columns.verdict.push(
      verdicts.place(`${action} ${reason} ${rule}`, () => [action, reason, visible(rule)]),
    );
  }
}

/** The name of an instance; with its id where another one has that name too. */
function labelOf({ instances }: TargetSummary, id: string, name: string): string {
  if (!name) return id;
  return instances.some((other) => other.id !== id && other.name === name)
    ? `${name} (${id})`
    : name;
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
