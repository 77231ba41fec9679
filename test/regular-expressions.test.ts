import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'acorn';
import { transform } from 'esbuild';
import { isSafe } from 'redos-detector';

/** Linear, although the detector cannot tell, and why. */
const LINEAR: Readonly<Record<string, string>> = {
  // Each group scans the digits once, and then what follows them decides.
  'lib/policy/duration.ts':
    '/P(?=\\d|T)(?:(\\d+)Y)?(?:(\\d+)M)?(?:(\\d+)W)?(?:(\\d+)D)?(?:T(?=\\d)(?:(\\d+)H)?(?:(\\d+)M)?(?:(\\d+)S)?)?/',
  // No character belongs to both classes.
  'lib/answers/decodings.ts': '/(?:[^\\p{C}\\s\\p{DI}\\ufffd]|[\\s\\p{DI}\\x80-\\x9f]){8,}/gu',
  // Both alternatives take digits, and each is tried once.
  'lib/http/proxy.ts': '/^([\\d.]+|[\\da-f:]+)\\/(\\d{1,3})$/i',
  // The marks that may follow a sentence never include one that ends it.
  'lib/task-api/task-api.ts': '/[.!?。！？]["\'”’」』)]*$/',
  // The word boundary stands before the lookahead, so it is tried once for each word.
  'lib/view/failures.ts':
    '/\\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\b|\\b(?=[a-z]*\\d)[0-9a-f]{16,}\\b/gi',
};

async function sourcesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /\.[jt]s$/.test(name)).map((name) => join(folder, name));
}

/** The regular expressions that are written in a source, as they are written. */
async function regularExpressionsIn(file: string): Promise<RegExp[]> {
  const loader = file.endsWith('.ts') ? 'ts' : 'js';
  const { code } = await transform(await readFile(file, 'utf8'), { loader });
  const found: RegExp[] = [];
  parse(code, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    onToken: (token) => {
      const { pattern, flags } = Object((token as { value?: unknown }).value);
      if (pattern !== undefined) found.push(new RegExp(pattern, flags));
    },
  });
  return found;
}

test('every regular expression takes time linear in its text, whatever the text is', async () => {
  const files = [...(await sourcesOf('lib')), ...(await sourcesOf('functions'))];
  let count = 0;
  const slow: Record<string, string> = {};
  for (const file of files) {
    for (const expression of await regularExpressionsIn(file)) {
      count += 1;
      if (!isSafe(expression, { maxSteps: 20_000 }).safe) slow[file] = String(expression);
    }
  }
  expect(slow).toEqual(LINEAR);
  expect(count).toBeGreaterThan(90);
});

test.each([/^(a+)+$/, /,?\s*request:.*/, /a.*b.*c/])('%s would be noticed', (expression) => {
  expect(isSafe(expression, { maxSteps: 20_000 }).safe).toBe(false);
});
