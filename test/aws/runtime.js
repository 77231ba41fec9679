// Runs one packaged function for test/aws/lambda.ts, call by call, as Lambda's runtime for Node.js does.
//   node runtime.js FILE EXPORT
// A DELETE whose path has the text of SLOW in it makes the function's clock go a minute ahead.

import { subscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';

const MINUTE = 60_000;

const [, , file, name] = process.argv;
const { SLOW, AWS_LAMBDA_FUNCTION_NAME: functionName } = process.env;

let slowed = 0;
const now = performance.now.bind(performance);
performance.now = () => now() + slowed * MINUTE;
subscribe('http.client.request.start', ({ request: { method, path } }) => {
  if (SLOW && method === 'DELETE' && path.includes(SLOW)) slowed += 1;
});

let lines = [];
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (text) => lines.push(String(text).trimEnd());
}
const handler = createRequire(file)(file)[name];

process.on('message', async ({ event, requestId, timeoutMs }) => {
  const end = performance.now() + timeoutMs;
  const slowedBefore = slowed;
  const context = {
    functionName,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(0, end - performance.now()),
  };
  let answer;
  try {
    answer = { value: (await handler(event, context)) ?? null };
  } catch ({ name: errorType, message: errorMessage, stack }) {
    answer = { error: { errorType, errorMessage, trace: stack.split('\n') } };
  }
  process.send({ ...answer, lines, slowed: slowed - slowedBefore });
  lines = [];
});
// Never outlives who started it.
process.on('disconnect', () => process.exit());
