import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { DEMO_ACCESS_KEY } from '../../lib/emulator/index.ts';
import { startOnDisk } from '../on-disk.ts';
import { captureOutput } from '../output.ts';
import { expired, fresh } from '../records.ts';
import { emfLines } from '../telemetry/emf.ts';
import { forgetLogSettings } from '../telemetry/log-settings.ts';
import { copyProject, type Template } from './project.ts';

/** A metric as CloudWatch tells it from others. */
interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
}

const SCHEDULED = { 'detail-type': 'Scheduled Event', source: 'aws.scheduler', detail: '{}' };
const ENVIRONMENT = { ...process.env };
/** Without and with the fleet. */
const templates: Record<string, Template> = {};
let emitted: Metric[];
/** Paths of all fields of the log's lines, as Logs Insights names them. */
let fields: Set<string>;

beforeAll(async () => {
  const project = await copyProject();
  templates.function = (await project.package('prod')).template;
  templates.fleet = (await project.package('prod', 'fleet=true')).template;
  await project.remove();
  const output = await outputOfRuns(templates.function);
  emitted = emfLines(output).flatMap((line) =>
    line._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
      Dimensions.flatMap((names) =>
        Metrics.map(({ Name }) => ({
          namespace: Namespace,
          name: Name,
          dimensions: Object.fromEntries(names.map((name) => [name, line[name]])),
        })),
      ),
    ),
  );
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  fields = new Set(lines.flatMap((line) => pathsOf(JSON.parse(line))));
}, 60_000);
afterAll(() => {
  jest.restoreAllMocks();
});

/** Two runs of the handler, in the environment that the stack gives it: one fails, one is well. */
async function outputOfRuns({ Resources }: Template): Promise<string> {
  const { emulator, policy, close } = await startOnDisk();
  forgetLogSettings();
  Object.assign(process.env, Resources.CleanupLambdaFunction?.Properties.Environment.Variables, {
    POLICY_FILE: policy,
    HUAWEICLOUD_SDK_AK: DEMO_ACCESS_KEY.accessKey,
    HUAWEICLOUD_SDK_SK: DEMO_ACCESS_KEY.secretKey,
  });
  const output = captureOutput();
  const { handler } = await import('../../functions/cleanup.ts');
  const context = { getRemainingTimeInMillis: () => 60_000 } as Context;
  emulator.addInstance({ service: 'dcs', name: 'a', tasks: [...expired(3), fresh()] });
  emulator.intercept = ({ operation }) =>
    operation === 'delete-task' ? { status: 400, body: { error_code: 'DCS.4957' } } : undefined;
  await expect(handler(SCHEDULED, context)).rejects.toThrow('run failed');
  emulator.intercept = undefined;
  await handler(SCHEDULED, context);
  jest.restoreAllMocks();
  for (const name of Object.keys(process.env)) {
    if (!(name in ENVIRONMENT)) delete process.env[name];
  }
  Object.assign(process.env, ENVIRONMENT);
  await close();
  return output();
}

function pathsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, part]) => [
    path,
    ...pathsOf(part, path ? `${path}.${key}` : key),
  ]);
}

/** Metrics that AWS itself publishes of a function, and of a state machine. */
const OF_AWS: Readonly<Record<string, readonly string[]>> = {
  'AWS/Lambda FunctionName': ['Errors', 'Throttles', 'ConcurrentExecutions'],
  'AWS/States StateMachineArn': [
    'ExecutionsStarted',
    'ExecutionsFailed',
    'ExecutionsAborted',
    'ExecutionsTimedOut',
    'ExecutionTime',
  ],
};

function expectToExist(stack: string, { namespace, name, dimensions }: Metric): void {
  if (!namespace.startsWith('AWS/')) {
    expect(emitted).toContainEqual({ namespace, name, dimensions });
    return;
  }
  const [[dimension, value] = []] = Object.entries(dimensions);
  expect(OF_AWS[`${namespace} ${dimension}`]).toContain(name);
  const { Ref: id } =
    typeof value === 'string' ? { Ref: value.slice(2, -1) } : (value as { Ref: string });
  const type =
    namespace === 'AWS/Lambda' ? 'AWS::Lambda::Function' : 'AWS::StepFunctions::StateMachine';
  expect(templates[stack]?.Resources[id]?.Type).toBe(type);
}

const ofType = (stack: string, type: string) =>
  Object.values(templates[stack]?.Resources ?? {}).filter(({ Type }) => Type === type);

test.each([
  ['function', 6],
  ['fleet', 8],
])(
  'every alarm of the %s watches metrics that are really published, with those dimensions',
  (stack, count) => {
    type Watched = {
      Namespace: string;
      MetricName: string;
      Dimensions: { Name: string; Value: unknown }[];
    };
    const watched = ofType(stack, 'AWS::CloudWatch::Alarm').flatMap(({ Properties }): Watched[] =>
      (Properties.Metrics ?? [{ MetricStat: { Metric: Properties } }]).flatMap(
        ({ MetricStat }: { MetricStat?: { Metric: Watched } }) => MetricStat?.Metric ?? [],
      ),
    );
    expect(watched).toHaveLength(count);
    for (const { Namespace, MetricName, Dimensions } of watched) {
      const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));
      expectToExist(stack, { namespace: Namespace, name: MetricName, dimensions });
    }
  },
);

test.each([
  ['function', [2, 8]],
  ['fleet', [2, 17]],
])('the dashboard of the %s shows metrics that are really published', (stack, counts) => {
  const [dashboard] = ofType(stack, 'AWS::CloudWatch::Dashboard');
  const { widgets } = JSON.parse(dashboard?.Properties.DashboardBody['Fn::Sub']) as {
    widgets: { type: string; properties: { title?: string; metrics?: unknown[][] } }[];
  };
  let searched = 0;
  let direct = 0;
  for (const { properties } of widgets.filter(({ type }) => type !== 'text')) {
    expect(properties.title).toMatch(/\w/);
    for (const metric of properties.metrics ?? []) {
      const [namespace, name, ...pairs] = metric as string[];
      if (typeof namespace === 'string') {
        direct += 1;
        const dimensions = { [pairs[0] as string]: pairs[1] };
        expectToExist(stack, { namespace, name: name as string, dimensions });
        continue;
      }
      const { expression } = metric[0] as { expression: string };
      const search = /^SEARCH\('\{([\w,-]+)\} MetricName="(\w+)" stage="prod"'/.exec(expression);
      if (!search) continue;
      searched += 1;
      const [of, ...names] = (search[1] as string).split(',');
      const found = emitted.filter(
        (one) => one.namespace === of && one.name === search[2] && one.dimensions.stage === 'prod',
      );
      expect(found.map(({ dimensions }) => Object.keys(dimensions))).toContainEqual(names);
    }
  }
  expect([searched, direct]).toEqual(counts);
});

test('saved queries and the table of last runs read fields that the log really has', () => {
  const [dashboard] = ofType('function', 'AWS::CloudWatch::Dashboard');
  const queries = [
    ...ofType('function', 'AWS::Logs::QueryDefinition').map(
      ({ Properties }) => Properties.QueryString,
    ),
    /"query": "(.*)"/.exec(dashboard?.Properties.DashboardBody['Fn::Sub'])?.[1],
  ] as string[];
  expect(queries).toHaveLength(4);
  const read = queries
    .join('\n')
    .replaceAll('line.summary.errors into error', 'summary.errors')
    .replaceAll('error.', 'summary.errors.0.')
    .match(/\b(summary|totals)(\.\w+)+|\b(durationMs|runId|trigger|outcome|dryRun|target)\b/g);
  expect(read?.length).toBeGreaterThan(20);
  // Only there when something stopped an instance.
  const optional = ['summary.stoppedBy'];
  for (const field of read ?? []) {
    if (!optional.includes(field)) expect([...fields]).toContain(field);
  }
});
