import { dirname, isAbsolute, join } from 'node:path';
import { describeReadError, readTextFile } from '../files/text-file.ts';
import { JanitorError } from '../model/error.ts';
import { counted } from '../model/summary.ts';
import type { Task } from '../model/task.ts';
import {
  loadPolicyTest,
  type Mismatch,
  type PolicyTest,
  runPolicyTest,
} from '../policy/policy-test.ts';
import { EXIT, type Io, print, printError } from './io.ts';

const DAY_MS = 86_400_000;

/**
 * Tests policies: records in, decisions out. Every file is looked at, whatever comes of the others.
 * @returns 0 when all is as expected, 1 when something is not, 2 when a file cannot be used.
 */
export async function testCommand(files: readonly string[], io: Io): Promise<number> {
  let failed = 0;
  let unusable = 0;
  for (const file of files) {
    const test = await readTest(file, io);
    if (!test) {
      unusable += 1;
      continue;
    }
    const { mismatches, expired, limit } = runPolicyTest(test);
    const { length } = test.tasks;
    const what = `${file}: ${counted(length, 'record')}, ${expired} to delete`;
    if (mismatches.length === 0) print(io, what, 'ok    ');
    else {
      failed += 1;
      print(io, `${what}, ${mismatches.length} not as expected`, 'FAIL  ');
      for (const mismatch of mismatches) printMismatch(mismatch, test.now);
    }
    if (limit) print(io, `note: a run would delete none of them: ${limit}`, '      ');
  }
  const bad = unusable > 0 ? `, ${unusable} not usable` : '';
  io.out(`${counted(files.length, 'file')}: ${failed} failed${bad}.\n`);
  if (unusable > 0) return EXIT.usage;
  return failed > 0 ? EXIT.failed : EXIT.complete;

  function printMismatch({ task, expected, decision }: Mismatch, now: number): void {
    const { action, reason, rule } = decision;
    const by = rule === undefined ? '' : `, by rule ${rule}`;
    print(io, `record ${task.id ?? 'without id'} (${describe(task, now)})`, '      ');
    print(io, `expected ${expected}`, '        ');
    print(io, `decided  ${action}: ${reason}${by}`, '        ');
  }
}

/** A test; nothing if it cannot be used, which is then printed. */
async function readTest(file: string, io: Io): Promise<PolicyTest | undefined> {
  try {
    return await loadPolicyTest(await readTextFile(file), file, async (path) => {
      const name = isAbsolute(path) ? path : join(dirname(file), path);
      return { text: await readTextFile(name), name };
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof JanitorError) printError(io, error.message);
    else if (code) printError(io, `${file}: ${describeReadError(error)}; name another file`);
    else throw error;
    return undefined;
  }
}

function describe({ status, name, user, updatedAt }: Task, now: number): string {
  const days = updatedAt === undefined ? undefined : (now - updatedAt) / DAY_MS;
  const age = days === undefined ? 'no readable date' : `${days.toFixed(1)} days old`;
  return [status ?? 'no status', name, user && `by ${user}`, age].filter(Boolean).join(', ');
}
