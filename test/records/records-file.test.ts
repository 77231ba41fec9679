import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ExpiredOutcome } from '../../lib/model/summary.ts';
import type { Decision } from '../../lib/policy/decide.ts';
import { openRecordsFile, type RecordsFile } from '../../lib/records/records-file.ts';
import { useFolder } from '../on-disk.ts';
import { NOW, task } from '../records.ts';

const START = { runId: 'run-1', trigger: 'cli', dryRun: false, startedAt: NOW } as const;
const KEEP: Decision = { action: 'keep', reason: 'within-keep-for', rule: 'r' };
const GO: Decision = { action: 'delete', reason: 'expired' };
const INSTANCE = { id: 'i-1', name: 'prod', status: 'RUNNING' };

const folder = useFolder();
let file: string;
beforeEach(() => {
  file = join(folder.path, 'out.jsonl');
});

const noOutput = {
  out: () => {
    throw new Error('printed');
  },
  unread: () => 0,
};
const open = (name = file): RecordsFile => openRecordsFile(name, 'hash', noOutput);
const linesOf = (name = file) => readFileSync(name, 'utf8').trimEnd().split('\n');

/** One instance of two records, of which one goes. */
function writeTwo(records: RecordsFile, outcome: ExpiredOutcome, instance = INSTANCE): void {
  const { observer } = records;
  const tasks = [task({ id: 'young' }), task({ id: 'old', user: undefined, updatedAt: undefined })];
  observer.decided?.('cache', instance, tasks, [KEEP, GO]);
  observer.recordsDone?.('cache', instance, [outcome]);
}

test('the first line tells of the run, the last one that the file is whole', () => {
  const records = open();
  records.observer.started?.(START);
  writeTwo(records, { outcome: 'deleted' });
  records.finish(2);
  expect(linesOf().map((line) => JSON.parse(line))).toEqual([
    {
      records: 1,
      runId: 'run-1',
      trigger: 'cli',
      dryRun: false,
      startedAt: '2026-09-01T03:30:00.000Z',
      policy: 'hash',
    },
    {
      target: 'cache',
      instance: 'i-1',
      instanceName: 'prod',
      id: 'young',
      name: 'EXTEND',
      user: 'ops-1',
      status: 'SUCCESS',
      updatedAt: '2026-05-24T03:30:00.000Z',
      decision: 'keep',
      reason: 'within-keep-for',
      rule: 'r',
      outcome: 'kept',
    },
    {
      target: 'cache',
      instance: 'i-1',
      instanceName: 'prod',
      id: 'old',
      name: 'EXTEND',
      user: null,
      status: 'SUCCESS',
      updatedAt: null,
      decision: 'delete',
      reason: 'expired',
      rule: null,
      outcome: 'deleted',
    },
    { end: true, records: 2 },
  ]);
});

test('a failure has the answer that it got', () => {
  const records = open();
  writeTwo(records, {
    outcome: 'failed',
    error: { taskId: 'old', status: 500, message: 'internal error' },
  });
  records.finish(2);
  expect(JSON.parse(linesOf()[1] ?? '')).toMatchObject({
    outcome: 'failed',
    error: { status: 500, code: null, message: 'internal error' },
  });
});

test('any text comes back as it was, and no character in the file would be obeyed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' }), { minLength: 4, maxLength: 4 }),
      (texts) => {
        const [id, name, user, target = ''] = texts;
        const records = open();
        records.observer.decided?.(target, INSTANCE, [task({ id, name, user })], [KEEP]);
        records.observer.recordsDone?.(target, INSTANCE, []);
        records.finish(1);
        const [line = ''] = linesOf();
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(line)).toMatchObject({ id, name, user, target });
      },
    ),
  );
});

test('instances stand together, in the order in which they end', () => {
  const records = open();
  const other = { ...INSTANCE, id: 'i-2' };
  for (const instance of [INSTANCE, other]) {
    records.observer.decided?.('cache', instance, [task(), task()], [KEEP, GO]);
  }
  for (const instance of [other, INSTANCE]) {
    records.observer.recordsDone?.('cache', instance, [{ outcome: 'remaining' }]);
  }
  records.finish(4);
  const instances = linesOf().map((line) => JSON.parse(line).instance);
  expect(instances).toEqual(['i-2', 'i-2', 'i-1', 'i-1', undefined]);
});

describe('the name', () => {
  test('is given when the file is whole; until then what was there stays', () => {
    writeFileSync(file, 'before');
    const records = open();
    records.observer.started?.(START);
    writeTwo(records, { outcome: 'deleted' });
    expect(readFileSync(file, 'utf8')).toBe('before');
    records.finish(2);
    expect(linesOf()).toHaveLength(4);
    expect(readdirSync(folder.path)).toEqual(['out.jsonl']);
  });

  test('is not given to what is not finished, of which nothing is left', () => {
    const records = open();
    writeTwo(records, { outcome: 'deleted' });
    records.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test.each([
    ['whose records are not as many as were listed', 3],
    ['whose instance has not ended', 4],
  ])('is not given to a file %s', (_, listed) => {
    const records = open();
    writeTwo(records, { outcome: 'deleted' });
    if (listed === 4) {
      const open = { ...INSTANCE, id: 'i-2' };
      records.observer.decided?.('cache', open, [task(), task()], [KEEP, KEEP]);
    }
    expect(() => records.finish(listed)).toThrow(/--records .*out\.jsonl: it has \d records/);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test.each([
    ['nowhere/out.jsonl', 'its folder does not exist; make it first'],
    ['.', 'it is a folder; name a file in it'],
    ['out.jsonl/x', 'a part of its path is a file; name another one'],
  ])('%s is refused at once', (name, problem) => {
    writeFileSync(file, '');
    expect(() => open(join(folder.path, name))).toThrow(problem);
  });

  test('of a pipe is refused at once, since nobody may ever read it', () => {
    execFileSync('mkfifo', [file]);
    expect(() => open()).toThrow(
      `--records ${file}: it is a pipe; write - for standard output, and send that there`,
    );
  });

  test('of a link is the name of the file behind it, which keeps its permissions', () => {
    const real = join(folder.path, 'real.jsonl');
    writeFileSync(real, 'old', { mode: 0o600 });
    symlinkSync(real, file);
    const records = open();
    writeTwo(records, { outcome: 'deleted' });
    records.finish(2);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(linesOf(real)).toHaveLength(3);
    expect(statSync(real).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path).sort()).toEqual(['out.jsonl', 'real.jsonl']);
  });

  test.each([
    ['nowhere.jsonl', 'it is a link to a file that does not exist; name that file'],
    ['out.jsonl', 'it is a link that leads in a circle; name a file'],
  ])('of a link to %s is refused', (to, problem) => {
    symlinkSync(join(folder.path, to), file);
    expect(() => open()).toThrow(`--records ${file}: ${problem}`);
  });

  test('of a device is written to, and stays a device', () => {
    const records = open('/dev/null');
    writeTwo(records, { outcome: 'deleted' });
    records.finish(2);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

test('a whole file that cannot get its name stays, and the error says what it is called', () => {
  const records = open();
  writeTwo(records, { outcome: 'deleted' });
  mkdirSync(join(file, 'taken'), { recursive: true });
  expect(() => records.finish(2)).toThrow(
    /it is a folder; name a file in it; the file is whole, and is called .*out\.jsonl\..*\.partial$/,
  );
  const [partial] = readdirSync(folder.path).filter((name) => name.endsWith('.partial'));
  expect(linesOf(join(folder.path, partial ?? ''))).toHaveLength(3);
});

test('a disk that is full is told at the end, and costs the run nothing', () => {
  const records = open('/dev/full');
  records.observer.started?.(START);
  for (let n = 0; n < 3_000; n += 1) {
    writeTwo(records, { outcome: 'deleted' }, { ...INSTANCE, id: `i-${n}` });
  }
  expect(() => records.finish(6_000)).toThrow('--records /dev/full: the disk is full');
});

test('a minus sign is standard output', () => {
  let printed = '';
  const out = (text: string) => {
    printed += text;
  };
  const records = openRecordsFile('-', 'hash', { out, unread: () => 0 });
  writeTwo(records, { outcome: 'deleted' });
  records.finish(2);
  expect(printed.trimEnd().split('\n')).toHaveLength(3);
});

test('a reader of standard output that does not keep up is told at the end, and memory is not filled', () => {
  let length = 0;
  const out = (text: string) => {
    length += text.length;
  };
  const records = openRecordsFile('-', 'hash', { out, unread: () => 10_000 * length });
  records.observer.started?.(START);
  const instances = 10_000;
  for (let n = 0; n < instances; n += 1) {
    writeTwo(records, { outcome: 'deleted' }, { ...INSTANCE, id: `i-${n}` });
  }
  expect(() => records.finish(2 * instances)).toThrow(
    /--records -: whoever reads it is too slow: \d+ MB wait; name a file instead/,
  );
  expect(length).toBeLessThan(2_000_000);
});

describe('as CSV', () => {
  const csv = () => join(folder.path, 'out.CSV');

  test('there are columns, and the records alone', () => {
    const records = open(csv());
    records.observer.started?.(START);
    writeTwo(records, {
      outcome: 'failed',
      error: { status: 409, code: 'DCS.1', message: 'a, "b"' },
    });
    records.finish(2);
    expect(linesOf(csv())).toEqual([
      'target,instance,instanceName,id,name,user,status,updatedAt,decision,reason,rule,outcome,errorStatus,errorCode,errorMessage',
      'cache,i-1,prod,young,EXTEND,ops-1,SUCCESS,2026-05-24T03:30:00.000Z,keep,within-keep-for,r,kept,,,',
      'cache,i-1,prod,old,EXTEND,,SUCCESS,,delete,expired,,failed,409,DCS.1,"a, ""b"""',
    ]);
  });

  test.each([
    ['=1+1', "'=1+1"],
    ['+cmd', "'+cmd"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['  =1', "'  =1"],
    ['\t=1', '?=1'],
    ['＝1', "'＝1"],
    ['a;=1+1', '"a;\'=1+1"'],
    ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
    ['x;"=1+1+"', '"x;\'""=1+1+"""'],
    ['"=1"', '"\'""=1"""'],
    ['x; " \u00a0＝1', '"x;\' "" \u00a0＝1"'],
    ["x;'@A1", '"x;\'\'@A1"'],
    ['x|=1', "x|'=1"],
    ['x؛-1', "x؛'-1"],
    ['a=1, b-2 "c"', '"a=1, b-2 ""c"""'],
    ['a\r\nb', 'a??b'],
  ])('%j is shown and not computed', (name, shown) => {
    const records = open(csv());
    records.observer.decided?.('cache', INSTANCE, [task({ name })], [KEEP]);
    records.observer.recordsDone?.('cache', INSTANCE, []);
    records.finish(1);
    expect(linesOf(csv())[0]).toContain(`,${shown},ops-1,`);
  });

  test.each([
    [',', 15],
    [';', undefined],
    ['|', undefined],
    ['؛', undefined],
  ])('no cell of any text begins a formula where %j separates', (separator, columns) => {
    const text = fc.string({ unit: fc.constantFrom(...'=+-@＝＋－＠,;|؛""\'\' \u00a0\t\naé') });
    fc.assert(
      fc.property(text, text, text, (name, user, rule) => {
        const records = open(csv());
        const tasks = [task({ name, user }), task({ name: user, user: name })];
        records.observer.decided?.('cache', INSTANCE, tasks, [{ ...KEEP, rule }, KEEP]);
        records.observer.recordsDone?.('cache', INSTANCE, []);
        records.finish(2);
        const written = readFileSync(csv(), 'utf8');
        for (const quotesAnywhere of [false, true]) {
          const rows = parseCsv(written, separator, quotesAnywhere);
          for (const cell of rows.flat()) expect(cell).not.toMatch(/^["\s]*[=+\-@＝＋－＠]/);
          if (columns) expect(rows.map((row) => row.length)).toEqual([columns, columns]);
        }
      }),
    );
  });
});

/**
 * The rows of a text, read as leniently as spreadsheets do: a quote in an unexpected place stands for itself.
 * @param quotesAnywhere whether a quote counts within a cell too, and not at its beginning alone.
 */
function parseCsv(text: string, separator: string, quotesAnywhere: boolean): string[][] {
  const rows: string[][] = [];
  const row: string[] = [];
  let cell = '';
  let isBegun = false;
  let isQuoted = false;
  const characters = [...text];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] as string;
    if (isQuoted && character === '"' && characters[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (character === '"' && (isQuoted || quotesAnywhere || !isBegun)) {
      isQuoted = !isQuoted;
      isBegun = true;
    } else if (!isQuoted && (character === separator || character === '\n')) {
      row.push(cell);
      if (character === '\n') rows.push(row.splice(0));
      cell = '';
      isBegun = false;
    } else {
      cell += character;
      isBegun = true;
    }
  }
  if (isBegun) rows.push([...row, cell]);
  return rows;
}

test('a million records of a thousand unfinished instances need little memory', () => {
  const records = open();
  records.observer.started?.(START);
  const tasks = Array.from({ length: 1_000 }, () => task());
  const decisions = tasks.map((_, index) => (index % 5 === 0 ? GO : KEEP));
  const instances = Array.from({ length: 1_000 }, (_, n) => ({ ...INSTANCE, id: `i-${n}` }));
  const before = process.memoryUsage().rss;
  for (const instance of instances) records.observer.decided?.('cache', instance, tasks, decisions);
  const outcomes = Array.from({ length: 200 }, () => ({ outcome: 'deleted' }) as const);
  for (const instance of instances) records.observer.recordsDone?.('cache', instance, outcomes);
  expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  records.finish(1_000_000);
  const size = statSync(file).size;
  expect(size).toBeGreaterThan(200_000_000);
  const text = readFileSync(file);
  expect(text.subarray(size - 40).toString()).toMatch(/\n\{"end":true,"records":1000000\}\n$/);
});
