import type { Task } from '../model/task.ts';

/**
 * The positions of the `count` newest tasks of a list: by `updatedAt`, then by id in code unit order, the
 * greater one first. Every task with a time counts, whatever its status; one without is never among them.
 */
export function newest(tasks: readonly Task[], count: number): ReadonlySet<number> {
  if (count <= 0) return new Set();
  const oldest = nthGreatest(tasks, count);

  const chosen = new Set<number>();
  const tied: { readonly i: number; readonly id: string }[] = [];
  tasks.forEach(({ id = '', updatedAt = Number.NaN }, i) => {
    if (updatedAt > oldest) chosen.add(i);
    else if (updatedAt === oldest) tied.push({ i, id });
  });
  tied.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  for (const { i } of tied.slice(0, count - chosen.size)) chosen.add(i);
  return chosen;
}

/**
 * The time of the `count`-th newest task; where fewer have one, that of the oldest, or -Infinity where none
 * has. Collects times that may be among the newest and throws the older half away whenever the collection is
 * full: a list that comes newest first, as the services send it, is read once and hardly sorted.
 */
function nthGreatest(tasks: readonly Task[], count: number): number {
  if (count > tasks.length) return Number.NEGATIVE_INFINITY;
  const times = new Float64Array(2 * count);
  let size = 0;
  let least = Number.NEGATIVE_INFINITY;
  const cut = () => {
    const sorted = times.subarray(0, size).sort();
    times.copyWithin(0, size - count, size);
    size = count;
    least = sorted[0] ?? least;
  };
  for (const { updatedAt = Number.NaN } of tasks) {
    if (!(updatedAt > least)) continue;
    times[size] = updatedAt;
    size += 1;
    if (size === times.length) cut();
  }
  cut();
  return least;
}
