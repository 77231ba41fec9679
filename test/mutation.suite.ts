import { readdirSync } from 'node:fs';

// All tests of what is mutated, as one file: Jest loads every module anew for each file, which takes
// longer than the tests do.
const FILES = [
  ...readdirSync(new URL('policy', import.meta.url)).map((name) => `policy/${name}`),
  'cli/test.test.ts',
  'answers/classify.test.ts',
  'answers/conceal.test.ts',
  'answers/decodings.test.ts',
  'answers/id-sieve.test.ts',
  'answers/error-codes.test.ts',
  'http/retry.test.ts',
  'http/retry-budget.test.ts',
];

for (const file of FILES) {
  if (file.endsWith('.test.ts')) await import(`./${file}`);
}
