import type { Duration } from 'luxon';
import * as z from 'zod';
import { CLOUD_NAMES, SERVICE_NAMES, type ServiceName } from '../model/services.ts';
import {
  archive,
  forever,
  integer,
  keepFor,
  oneOrMore,
  origin,
  patterns,
  statuses,
  text,
  timeout,
} from './fields.ts';

const NAME = 'text of 1 to 100 characters';
const name = () => text(NAME, /^(?=.*\S)[^\p{Cc}]{1,100}$/u);

const limits = z
  .strictObject(
    {
      deletions: integer(0)
        .optional()
        .meta({
          description:
            'The most records that one run may delete on one instance. If more have expired, none is deleted there. 0 allows none. Without it, there is no limit.',
          examples: [5000],
        }),
      deletePercent: z
        .number({ error: 'a number from 0 to 100' })
        .min(0, { error: 'a number from 0 to 100' })
        .max(100, { error: 'a number from 0 to 100' })
        .optional()
        .meta({
          description:
            'The most that one run may delete on one instance, in percent of its records. If more have expired, none is deleted there. 0 allows none. Without it, there is no limit.',
          examples: [95],
        }),
    },
    { error: 'a mapping of deletions and deletePercent' },
  )
  .meta({
    description:
      'If more than this has expired on an instance, nothing is deleted there. A target inherits each of its keys separately.',
    examples: [{ deletions: 5000, deletePercent: 95 }],
  });

const retention = {
  keepFor: keepFor()
    .optional()
    .meta({
      description:
        'How long a record is kept, counted from the end of its task (updated_at): ISO 8601, or a whole number with h, d or w.',
      examples: ['P30D', '30d', 'PT12H', '12h', 'P2W', '2w', 'P1M'],
    }),
  keep: forever()
    .optional()
    .meta({ description: 'Keeps every record, however old.', examples: ['forever'] }),
  keepLast: integer(0)
    .optional()
    .meta({
      description:
        'How many of the newest records of each instance always stay, counted over all of its records. 0 when absent.',
      examples: [10],
    }),
  statuses: statuses()
    .optional()
    .meta({
      description:
        'The finished statuses that may be deleted. SUCCESS and FAILED when absent; CANCELLED is only for kafka, rabbitmq and rocketmq.',
      examples: [['SUCCESS', 'FAILED']],
    }),
  limits: limits.optional(),
};

const match = z
  .strictObject(
    {
      statuses: statuses()
        .optional()
        .meta({
          description: 'Tasks that ended with one of these statuses.',
          examples: [['FAILED']],
        }),
      tasks: patterns('the name of a task', 'names of tasks')
        .optional()
        .meta({
          description: 'Tasks with one of these names. * is any text; case counts.',
          examples: [['EXTEND', 'Update*']],
        }),
      users: patterns('the name of a user', 'names of users')
        .optional()
        .meta({
          description: 'Tasks that one of these users started. * is any text; case counts.',
          examples: [['ops-*']],
        }),
    },
    { error: 'a mapping of statuses, tasks and users' },
  )
  .meta({
    description: 'The tasks that the rule is for. A task has to match every key.',
    examples: [{ statuses: ['FAILED'], tasks: ['EXTEND'] }],
    minProperties: 1,
  });

const rule = z
  .strictObject(
    {
      name: name()
        .optional()
        .meta({
          description: 'The name of the rule in reports. "rule N", by its place, when absent.',
          examples: ['failures-stay-longer'],
        }),
      match,
      keepFor: retention.keepFor,
      keep: retention.keep,
    },
    { error: 'a mapping of match and keepFor, or of match and keep' },
  )
  .meta({
    description: 'How long some of the tasks are kept.',
    examples: [{ match: { statuses: ['FAILED'] }, keepFor: 'P90D' }],
    oneOf: [{ required: ['keepFor'] }, { required: ['keep'] }],
  });

/** The places that credentials come from; a target names one of them, or none. */
export const CREDENTIALS_SOURCES = ['secret', 'env', 'profile'] as const;

/**
 * Anything but the JSON of a secret, however it is written: an error repeats the name. (Java takes a bare [ in a class for
 * another class.)
 */
const PROFILE = /^[^{}\x5b\x5d<>()"'`\\%=\r\n]{1,100}$/;

const agency = z
  .strictObject(
    {
      domain: text('the name of the account that gave the agency').meta({
        description: 'The account that gave the agency. The instances to clean are there.',
        examples: ['acme'],
      }),
      name: text('the name of the agency').meta({
        description: 'The name of the agency in that account.',
        examples: ['janitor'],
      }),
    },
    { error: 'a mapping of domain and name' },
  )
  .meta({
    description: 'An agency to act through in another account, with temporary keys.',
    examples: [{ domain: 'acme', name: 'janitor' }],
  });

const credentials = z
  .strictObject(
    {
      secret: text(
        'the name or ARN of a secret, of letters, digits and / _ + = . @ : -',
        // What Secrets Manager allows; the JSON of a secret is no name of one.
        /^[\w/+=.@:-]{1,2048}$/,
      )
        .optional()
        .meta({
          description: 'Name or ARN of the secret in AWS Secrets Manager.',
          examples: ['task-janitor/huawei'],
        }),
      env: text('a prefix such as PROD, of letters, digits and _', /^[A-Za-z_][A-Za-z0-9_]*$/)
        .optional()
        .meta({
          description:
            'A prefix of environment variables: PROD reads PROD_HUAWEICLOUD_SDK_AK and so on.',
          examples: ['PROD'],
        }),
      profile: text(
        'the name of a profile, of 1 to 100 characters without brackets, quotes, \\, % and =',
        PROFILE,
      )
        .optional()
        .meta({
          description: 'An entry of clouds.yaml. Its region and project are not used.',
          examples: ['prod'],
        }),
      agency: agency.optional(),
    },
    { error: 'a mapping of secret, env, profile and agency' },
  )
  .meta({
    description: 'Where the credentials are. In the environment, when absent.',
    examples: [{ secret: 'task-janitor/huawei' }],
    minProperties: 1,
    allOf: CREDENTIALS_SOURCES.flatMap((one, i) =>
      CREDENTIALS_SOURCES.slice(i + 1).map((other) => ({ not: { required: [one, other] } })),
    ),
  });

const instances = z
  .strictObject(
    {
      include: patterns('the id or name of an instance', 'ids or names of instances')
        .optional()
        .meta({
          description: 'Ids, names or name patterns of the instances. All, when absent.',
          examples: [['prod-*']],
        }),
      exclude: patterns('the id or name of an instance', 'ids or names of instances')
        .optional()
        .meta({
          description:
            'Ids, names or name patterns of instances to leave alone, even if include names them.',
          examples: [['prod-canary']],
        }),
    },
    { error: 'a mapping of include and exclude' },
  )
  .meta({
    description: 'The instances of the target. Every one, when absent.',
    examples: [{ include: ['prod-*'], exclude: ['prod-canary'] }],
  });

const requests = z
  .strictObject(
    {
      concurrency: integer(1, 256)
        .default(8)
        .meta({ description: 'Requests in flight at once.', examples: [8] }),
      perSecond: z
        .number({ error: 'a number above 0, up to 10000' })
        .positive({ error: 'a number above 0, up to 10000' })
        .max(10_000, { error: 'a number above 0, up to 10000' })
        .optional()
        .meta({ description: 'Requests started per second. No cap, when absent.', examples: [20] }),
      attempts: integer(1, 10)
        .default(5)
        .meta({ description: 'How many times one request is sent at most.', examples: [5] }),
      timeout: timeout()
        .prefault('10s')
        .meta({
          description: 'How long to wait for one answer, from 1 second to 5 minutes.',
          examples: ['10s', 'PT10S'],
        }),
    },
    { error: 'a mapping of concurrency, perSecond, attempts and timeout' },
  )
  .meta({
    description: 'How requests are sent.',
    examples: [{ concurrency: 8, perSecond: 20 }],
  });

const target = z
  .strictObject(
    {
      name: text(NAME)
        .regex(/^(?=.*\S)[^\p{Cc}/]{1,100}$/u, {
          error: ({ input }) => (String(input).includes('/') ? `${NAME} without /` : NAME),
        })
        .meta({
          description:
            'The name of the target in reports; no two targets have the same. If service, region or projects are lists, their values are added: prod/kafka/eu-de.',
          examples: ['prod-cache'],
        }),
      cloud: z
        .enum(CLOUD_NAMES, { error: CLOUD_NAMES.join(' or ') })
        .meta({ description: 'The cloud.', examples: ['huaweicloud'] }),
      service: oneOrMore(
        z.enum(SERVICE_NAMES, { error: `one of ${SERVICE_NAMES.join(', ')}` }),
        'services',
      ).meta({
        description: 'The service, or a list of services: each becomes a target of its own.',
        examples: ['dcs', ['dcs', 'kafka']],
      }),
      region: oneOrMore(text('a region such as eu-de', /^[a-z][a-z0-9-]*$/), 'regions').meta({
        description:
          'The region, as the cloud writes it, or a list of regions: each becomes a target of its own.',
        examples: ['eu-west-101', ['eu-de', 'eu-nl']],
      }),
      projectId: text('a project id of up to 64 letters, digits, - and _', /^[A-Za-z0-9_-]{1,64}$/)
        .optional()
        .meta({
          description: 'The id of the project in that region. Looked up, when absent.',
          examples: ['0b01fbb53600d4671fa8c00673c71260'],
        }),
      projects: patterns('the name of a project', 'names of projects')
        .optional()
        .meta({
          description:
            'Instead of projectId: names or name patterns of the projects of each region (REGION and REGION_…). Each project becomes a target of its own.',
          examples: [['*'], ['eu-de', 'eu-de_team-*']],
        }),
      endpoint: origin()
        .optional()
        .meta({
          description:
            'The server of the service, if it is not the usual one: https, or http on loopback.',
          examples: ['https://dcs.eu-west-101.example.com'],
        }),
      iamEndpoint: origin()
        .optional()
        .meta({
          description:
            'The server that issues tokens and knows project ids, if it is not the usual one.',
          examples: ['https://iam.eu-west-101.example.com'],
        }),
      credentials: credentials.optional(),
      instances: instances.optional(),
      requests: requests.prefault({}),
      ...retention,
      rules: z
        .array(rule, { error: 'a list of rules' })
        .optional()
        .meta({
          description: 'Retention for some of the tasks. The first rule that matches decides.',
          examples: [[{ match: { statuses: ['FAILED'] }, keepFor: 'P90D' }]],
        }),
    },
    { error: 'a mapping of name, cloud, service, region and more' },
  )
  .meta({
    description: 'One service in one project and region.',
    examples: [{ name: 'prod-cache', cloud: 'otc', service: 'dcs', region: 'eu-de' }],
    allOf: [
      { not: { required: ['keepFor', 'keep'] } },
      { not: { required: ['projectId', 'projects'] } },
    ],
  });

const defaults = z.strictObject(retention, {
  error: 'a mapping of keepFor, keepLast, statuses and limits',
});

/**
 * The content of a policy file. Every mapping is strict. Rules about several values (names that must differ,
 * keepFor against keep) are checked in consistency.ts.
 */
export const policySchema = z
  .strictObject(
    {
      version: z
        .literal(1, { error: 'the number 1' })
        .meta({ description: 'The version of this format.', examples: [1] }),
      dryRun: z
        .boolean({ error: 'true or false' })
        .default(true)
        .meta({ description: 'Only report, delete nothing. True when absent.', examples: [false] }),
      archive: archive()
        .optional()
        .meta({
          description:
            'Where rows are kept before they are deleted: s3://bucket/prefix, or the path of a folder. No row is deleted before it is there. Without it, there is no archive.',
          examples: ['s3://my-archive/task-janitor', './archive'],
        }),
      defaults: defaults.optional().meta({
        description: 'What every target inherits.',
        examples: [{ keepFor: 'P30D', keepLast: 10 }],
        not: { required: ['keepFor', 'keep'] },
      }),
      targets: z
        .array(target, { error: 'a list of targets' })
        .min(1, { error: 'a list with at least one target' })
        .meta({
          description: 'What to clean.',
          examples: [
            [
              {
                name: 'prod-cache',
                cloud: 'otc',
                service: 'dcs',
                region: 'eu-de',
                keepFor: 'P30D',
              },
            ],
          ],
        }),
    },
    { error: 'a mapping with version and targets' },
  )
  .meta({
    title: 'Retention policy of task-janitor',
    description: 'Which background-task records stay, and for how long.',
  });

/** The keys that each mapping of a policy may have, by the name that messages give the mapping. */
export const MAPPINGS: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  'the top level': policySchema.shape,
  defaults: defaults.shape,
  'a target': target.shape,
  credentials: credentials.shape,
  agency: agency.shape,
  instances: instances.shape,
  requests: requests.shape,
  limits: limits.shape,
  'a rule': rule.shape,
  match: match.shape,
};

/** A target as it is written: its lists stand for several. */
export type WrittenTarget = z.output<typeof target>;
/** One service in one region, and in one project unless it has `projects`: then in each that a run finds. */
export type Target = Frozen<
  Omit<WrittenTarget, 'service' | 'region'> & { service: ServiceName; region: string }
>;
/** A whole `retention.yml`, parsed and frozen, with a target for each combination of service and region. */
export type Policy = Frozen<Omit<z.output<typeof policySchema>, 'targets'>> & {
  readonly targets: readonly Target[];
};
/** One rule of a target. */
export type Rule = NonNullable<Target['rules']>[number];
/** How requests to a target are sent; `timeout` in milliseconds. */
export type Requests = Target['requests'];
/** Limits per instance; an absent one is no limit. */
export type Limits = NonNullable<Target['limits']>;

/** `T`, with nothing in it that can be assigned to. A Duration never changes anyway. */
export type Frozen<T> = T extends Duration
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Frozen<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Frozen<T[Key]> }
      : T;

/** The policy's JSON Schema (draft 2020-12): what a user writes, with a description and examples for each key. */
export function policyJsonSchema(): object {
  return z.toJSONSchema(policySchema, {
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      // zod leaves examples out where reading changes the value; ours show what a user writes.
      const examples = z.globalRegistry.get(zodSchema)?.examples;
      if (examples) jsonSchema.examples = examples as typeof jsonSchema.examples;
      // Every integer of zod has this bound; it tells a reader nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
}
