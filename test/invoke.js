// Invokes the function that `npm run offline` runs, with an event from a file, and prints the answer.
import { readFile } from 'node:fs/promises';

const FUNCTION =
  'http://127.0.0.1:3002/2015-03-31/functions/task-janitor-local-cleanup/invocations';

const [file = 'functions/events/dry-run.json'] = process.argv.slice(2);
try {
  const body = await readFile(file, 'utf8');
  const answer = await fetch(FUNCTION, { method: 'POST', body });
  const result = JSON.parse(await answer.text());
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  if (!answer.ok || result?.errorMessage !== undefined) process.exitCode = 1;
} catch (error) {
  const problem =
    error.code === 'ENOENT'
      ? `there is no event file ${file}; some are in functions/events`
      : `nothing answers on port 3002; is npm run offline running? (${error.message})`;
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
