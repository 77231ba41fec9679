/** One thing that is measured, and what it should be. */
export interface Figure {
  readonly title: string;
  readonly target: number;
  /** Whether the result should be at most the target, or at least. */
  readonly should: 'at most' | 'at least';
  /** Written after numbers: nothing for a ratio. */
  readonly unit: '' | ' records/s' | ' KB' | ' MB';
  /** What was measured, against what, and how to read it. */
  readonly meaning: string;
  /** What stands in the way of the target where it is missed, as profiling showed. */
  readonly limit?: string;
}

const NODE_FETCH_LIMIT =
  'node-fetch, which this project was asked to use, is most of it: see its own number in the row. For each request it builds three `Headers` behind proxies, a `Request`, a `Response`, and pipes the answer through a second stream, none of which can be turned off. The rest is this program: listing, decisions, signing, queues, time-outs, and the reading of answers.';

const WALL_LIMIT =
  'The floor in the same row has most of it too: the emulator’s timers end up to a millisecond late, which is 2 % of 50 ms, and requests that were sent together come back together and queue for the one thread of each process. Other work on the machine makes both longer.';

const START_LIMIT =
  'Of what it takes more, Node needs about two fifths to parse the bundle, 0.9 MB, and as much again to run the modules’ own beginnings (zod’s schemas, Powertools, modules of Node’s) and to read the policy. The AWS SDK, which runs only where a secret is asked for, is two fifths of the bundle: leaving it to the copy that Lambda has would save some 15 ms of 100, but then what was tested is not what runs.';

const RATE_LIMIT =
  'The search for the limit: the first 429 stops everything for a second, and the rate begins 3 % below what went through before it; where several come in a row, it falls by more and takes seconds to come back. The longer a run, the less it weighs.';

const THROTTLED_LIMIT =
  'All requests in flight when the limit is first met are throttled at once, as many as the concurrency, however long the run is.';

/** All figures, in the order in which they are shown. */
export const FIGURES = {
  'wall-8': {
    title: 'wall time of deletes at 50 ms latency, concurrency 8, to ceil(N/C) × latency',
    target: 1.05,
    should: 'at most',
    unit: '',
    meaning:
      'From the first DELETE to the last answer, with one instance of Kafka listed before. 1 would be a client that takes no time at all between two requests, over a network that takes none.',
    limit: WALL_LIMIT,
  },
  'wall-32': {
    title: 'the same, concurrency 32',
    target: 1.05,
    should: 'at most',
    unit: '',
    meaning:
      'Beside it, how long the same deletes take the official client with p-limit, the hand-written loop and the floor. The hand-written loop sends everything at once: it is faster than any bound on requests in flight allows, opens a connection for each record, and meets the first rate limit with all of them.',
    limit: WALL_LIMIT,
  },
  'processor-official': {
    title: 'processor time per delete, to the official client',
    target: 0.5,
    should: 'at most',
    unit: '',
    meaning:
      'User and system time of the whole process for a whole cleanup: policy, list, decisions, signing, retry, pacing and summary, divided by the records deleted. No latency, concurrency 8, one process for each contestant, warm.',
    limit: NODE_FETCH_LIMIT,
  },
  'processor-floor': {
    title: 'processor time per delete, to bare node:http with signing',
    target: 2,
    should: 'at most',
    unit: '',
    meaning:
      'The floor does the least that deletes the same records: keep-alive, a signature made from constants, no retry, no pacing, no decisions but an age.',
    limit: NODE_FETCH_LIMIT,
  },
  lists: {
    title: 'list requests per instance, to the least possible',
    target: 1.1,
    should: 'at most',
    unit: '',
    meaning:
      'Pages of records that were asked for, to ceil(records ÷ longest page) and at least one. Every record has to be known: the summary accounts for each, `keepLast` and `deletePercent` count over all of them, and a list counts as complete only when as many rows were read as the service counts. A filter by `end_time` would save pages where most records are young, but then none of that could be told, and which column it filters is documented nowhere; it is not used.',
  },
  'rate-50': {
    title: 'rate achieved under a hidden limit of 50/s',
    target: 0.95,
    should: 'at least',
    unit: '',
    meaning:
      'The emulator lets through so many requests within any second and answers 429 without Retry-After to all others; the run is not told, and asks with concurrency 32. Records deleted ÷ (time × limit), from the first DELETE to the last, the search for the limit included; the median of three runs.',
    limit: RATE_LIMIT,
  },
  'throttled-50': {
    title: 'requests throttled under a hidden limit of 50/s, share of all',
    target: 0.02,
    should: 'at most',
    unit: '',
    meaning:
      'Answers 429 ÷ DELETE requests sent. Those in flight when the limit is first met all count.',
    limit: THROTTLED_LIMIT,
  },
  'rate-200': {
    title: 'rate achieved under a hidden limit of 200/s',
    target: 0.95,
    should: 'at least',
    unit: '',
    meaning: 'As with 50/s; all runs are made at the same time, each with an emulator of its own.',
    limit: RATE_LIMIT,
  },
  'throttled-200': {
    title: 'requests throttled under a hidden limit of 200/s, share of all',
    target: 0.02,
    should: 'at most',
    unit: '',
    meaning: 'As with 50/s.',
    limit: THROTTLED_LIMIT,
  },
  'peak-ratio': {
    title: 'peak memory, 1,000,000 records on 1,000 instances, to 1,000 records on one',
    target: 1.5,
    should: 'at most',
    unit: '',
    meaning:
      'The built command (`task-janitor run --json`) in a process of its own, at concurrency 8; 5 % of the records have expired and are deleted, the others are kept. Peak is VmHWM of /proc/self/status, read by the process itself at its end: the peak that `getrusage` reports begins at its parent’s.',
    limit:
      'Held at any time are the records of as many instances as requests are in flight: eight thousand here, and one thousand in the small run. The rest is likely garbage that V8 has not looked at yet: 50 instances take nearly as much as 1,000, and `--max-semi-space-size=1` saves some 12 MB of it, at the price of time.',
  },
  'peak-absolute': {
    title: 'peak memory at 1,000,000 records, absolute',
    target: 200,
    should: 'at most',
    unit: ' MB',
    meaning: 'The larger half of the ratio above, in units of 1,000,000 bytes.',
  },
  'time-per-record': {
    title: 'time per record, 1,000,000 records to 10,000',
    target: 1.1,
    should: 'at most',
    unit: '',
    meaning:
      'Wall time of a whole run, `run()` of lib/run, divided by the records listed, in a process that is warm; instances of 1,000 records each, 5 % of them expired. The target of the large run alone is 1.2.',
  },
  'time-fleet': {
    title: 'time per record of the fleet, 1,000,000 records, to the one function',
    target: 1.5,
    should: 'at most',
    unit: '',
    meaning:
      'The steps of the fleet (docs/fleet.md), one call after the other for each endpoint: prepare, clean, summarise, with a log of everything through JSON. Each call has connections of its own. The bucket is in memory and nothing is started by Step Functions, so what AWS adds is not in it. A target of our own.',
  },
  deciding: {
    title: 'deciding, a policy with 20 rules, on one core',
    target: 1_000_000,
    should: 'at least',
    unit: ' records/s',
    meaning:
      'The pure decision over instances of 10,000 records with 12 task names and 5 users that repeat, as they do in an estate. Where every name is distinct nothing can be remembered, and it is some three times slower. The only absolute speed here, so it depends on the machine.',
  },
  'start-up': {
    title:
      'start-up of the packaged handler to its first request, to an empty handler with one node-fetch request',
    target: 1.5,
    should: 'at most',
    unit: '',
    meaning:
      'From the start of the process to the arrival of its first request at a local server. Ours is what `serverless package` made, unzipped: it reads its settings and policy, connects to a target with the environment’s access key, and asks for the instances. The other is an ESM handler, bundled by the same esbuild, that does nothing but that one request.',
    limit: START_LIMIT,
  },
  zip: {
    title: 'the deployed zip, source maps aside',
    target: 400,
    should: 'at most',
    unit: ' KB',
    meaning: 'What `serverless package` made, in units of 1,000 bytes.',
  },
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof FIGURES;
