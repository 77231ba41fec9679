import type { Task } from '../model/task.ts';
import type { RetentionRule } from './retention.ts';

const MAX_REMEMBERED = 50_000;

/**
 * Finds the first rule that matches a task. Names and users repeat endlessly in a list of records, so the
 * answer is remembered for each combination of status, name and user, up to a bound.
 */
export function ruleFinder(
  rules: readonly RetentionRule[],
): (task: Task) => RetentionRule | undefined {
  if (rules.length === 0) return () => undefined;
  const answers: Remembered<Remembered<Remembered<RetentionRule | undefined>>> = new Map();
  let remembered = 0;
  return (task) => {
    const forUser = entry(entry(answers, task.name), task.user);
    if (forUser.has(task.status)) return forUser.get(task.status);
    const found = rules.find((rule) => matches(rule, task));
    forUser.set(task.status, found);
    remembered += 1;
    if (remembered >= MAX_REMEMBERED) {
      answers.clear();
      remembered = 0;
    }
    return found;
  };
}

type Remembered<Value> = Map<string | undefined, Value>;

function entry<Value>(
  outer: Remembered<Remembered<Value>>,
  key: string | undefined,
): Remembered<Value> {
  const known = outer.get(key);
  if (known) return known;
  const created: Remembered<Value> = new Map();
  outer.set(key, created);
  return created;
}

/** A record without a name or user matches no pattern for it. */
function matches(rule: RetentionRule, { status, name, user }: Task): boolean {
  const { tasks, users } = rule;
  const statuses: ReadonlySet<unknown> | undefined = rule.statuses;
  return (
    (!statuses || statuses.has(status)) &&
    (!tasks || (name !== undefined && tasks(name))) &&
    (!users || (user !== undefined && users(user)))
  );
}
