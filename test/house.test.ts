import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const files = (await readdir('lib', { recursive: true }))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('lib', name));
const imports = new Map(
  await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'utf8');
      const found = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)];
      return [file, found.map(([, to]) => join(dirname(file), to as string))] as const;
    }),
  ),
);
const edges = [...imports].flatMap(([file, to]) => to.map((other) => [file, other] as const));

/** The rooms of lib/README.md's first table, from the top; those of one line stand side by side. */
const [table = ''] = (await readFile('lib/README.md', 'utf8')).split('| word |');
const storeys = [...table.matchAll(/^\| (`[^|]+`) \| /gm)].map(([, rooms]) =>
  [...(rooms as string).matchAll(/`([^`]+)`/g)].map(([, room]) => room as string),
);
const roomOf = (file: string): string => relative('lib', file).split('/')[0] as string;
const storeyOf = (file: string): number =>
  storeys.findIndex((rooms) => rooms.includes(roomOf(file)));

describe('imports', () => {
  test('every folder of lib is a room in its README', () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual(storeys.flat().sort());
  });

  test('lead to the same room, or to one further down', () => {
    expect(edges.length).toBeGreaterThan(300);
    const upward = edges.filter(
      ([from, to]) => roomOf(from) !== roomOf(to) && storeyOf(from) >= storeyOf(to),
    );
    expect(upward).toEqual([]);
  });

  test('form no circle', () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) throw new Error([...path, file].join(' → '));
      if (done.has(file)) return;
      for (const to of imports.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(done.size).toBe(files.length);
  });

  test('of the emulator stay within it, so that it shares no code with the client', () => {
    const leaving = edges.filter(
      ([from, to]) => roomOf(from) === 'emulator' && roomOf(to) !== 'emulator',
    );
    expect(leaving).toEqual([]);
  });

  test('of lib/run pass four storeys at most', () => {
    const height = (file: string): number =>
      1 +
      Math.max(
        0,
        ...(imports.get(file) ?? []).filter((to) => roomOf(to) === roomOf(file)).map(height),
      );
    const heights = files.filter((file) => roomOf(file) === 'run').map((file) => height(file));
    expect(Math.max(...heights)).toBeLessThanOrEqual(4);
  });
});
