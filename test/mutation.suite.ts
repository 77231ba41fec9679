import { readdirSync } from 'node:fs';

// All tests of what is mutated, as one file: Jest loads every module anew for each file, which takes
// longer than the tests do.
const FILES = [
  ...['policy', 'answers'].flatMap((folder) =>
    readdirSync(new URL(folder, import.meta.url)).map((name) => `${folder}/${name}`),
  ),
  'cli/test.test.ts',
  'http/http-date.test.ts',
  'http/retry.test.ts',
  'http/retry-budget.test.ts',
];

for (const file of FILES) {
  if (file.endsWith('.test.ts')) await import(`./${file}`);
}
