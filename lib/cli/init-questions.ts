import { CredentialsError, credentialsFromEnvironment } from '../identity/credentials.ts';
import type { CredentialsReference } from '../identity/credentials-source.ts';
import {
  CLOUD_NAMES,
  type CloudName,
  listSameInstances,
  SERVICE_NAMES,
  SERVICES,
  type Service,
  type ServiceName,
} from '../model/services.ts';
import { issuesOfForm } from '../policy/issues.ts';
import { CREDENTIALS_SOURCES, MAPPINGS } from '../policy/schema.ts';
import type { Places } from './find-instances.ts';
import { type Io, UsageError } from './io.ts';

/** The options of `init`, as they were written. */
export interface InitOptions {
  readonly cloud?: string;
  readonly region?: readonly string[];
  readonly service?: readonly string[];
  readonly secret?: string;
  readonly env?: string;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly output: string;
}

/** Something that `init` has to know. */
interface Question<T> {
  readonly option: string;
  readonly text: string;
  /** @throws {UsageError} when it is no answer. */
  read(text: string): T;
}

const CLOUD: Question<CloudName> = {
  option: '--cloud',
  text: `Cloud (${CLOUD_NAMES.join(' or ')}): `,
  read: (text) => readKey('cloud', text) as CloudName,
};
const REGIONS: Question<string[]> = {
  option: '--region',
  text: 'Region, such as eu-de; several with commas: ',
  read: (text) => listOf(text).map((region) => readKey('region', region)),
};

/**
 * The answers that the options give; the others are asked for at the terminal.
 * @throws {UsageError} when a value cannot be used, or where nobody can be asked for one that is missing.
 */
export async function readAnswers(options: InitOptions, io: Io): Promise<Places> {
  const given = {
    cloud: options.cloud,
    region: options.region?.join(','),
    service: options.service?.join(','),
  };
  const missing = Object.entries(given).flatMap(([key, value]) => (value ? [] : [`--${key}`]));
  if (!io.ask && missing.length > 0) {
    throw new UsageError(
      `init: there is no terminal to ask questions on, so add ${missing.join(', ')}; for example: task-janitor init --cloud otc --region eu-de --service dcs`,
    );
  }
  const endpoint =
    options.endpoint === undefined
      ? undefined
      : fromOption('--endpoint', options.endpoint, (text) => readKey('endpoint', text));
  const cloud = await answer(CLOUD, given.cloud, io);
  return {
    cloud,
    regions: await answer(REGIONS, given.region, io),
    services: await answer(servicesOf(cloud), given.service, io),
    endpoint,
    credentials: await readReference(options, io),
  };
}

/** Enter stands for those that the cloud documents, each instance once. */
function servicesOf(cloud: CloudName): Question<ServiceName[]> {
  const usual = SERVICE_NAMES.filter((name, index) => {
    const { undocumentedOn }: Service = SERVICES[name];
    const again = SERVICE_NAMES.slice(0, index).some((other) => listSameInstances(other, name));
    return !again && !undocumentedOn.includes(cloud);
  });
  const others = SERVICE_NAMES.filter((name) => !usual.includes(name));
  return {
    option: '--service',
    text: `Services (Enter for ${usual.join(', ')}; also possible: ${others.join(', ')}): `,
    read: (text) =>
      listOf(text || usual.join()).map((name) => readKey('service', name) as ServiceName),
  };
}

async function readReference(
  options: InitOptions,
  io: Io,
): Promise<CredentialsReference | undefined> {
  const read = (source: Source) => (text: string) => ({
    // It may be a secret by mistake.
    [source]: readValue(MAPPINGS.credentials?.[source], text, '(not shown)'),
  });
  const [given, another] = CREDENTIALS_SOURCES.filter((source) => options[source] !== undefined);
  if (given && another) {
    throw new UsageError(
      `--${given} and --${another}: credentials come from one place; leave one out`,
    );
  }
  if (given) return fromOption(`--${given}`, options[given] as string, read(given));
  try {
    credentialsFromEnvironment(io.env);
    return undefined;
  } catch (error) {
    // Without a terminal, the error comes when they are needed.
    if (!(error instanceof CredentialsError) || !io.ask) return undefined;
    io.err(`${error.message}\n`);
  }
  return await answer({ option: '', text: SOURCES, read: readSource }, undefined, io);

  function readSource(text: string): CredentialsReference {
    const [, kind, name = ''] = /^(\S+)(?:\s+(.*))?/s.exec(text) ?? [];
    const source = CREDENTIALS_SOURCES.find((each) => each === kind);
    if (!source) throw new UsageError(`expected ${EXPECTED_SOURCE}`);
    return read(source)(name);
  }
}

const EXPECTED_SOURCE = 'secret NAME, env PREFIX, or profile NAME of clouds.yaml';
const SOURCES = `Credentials (${EXPECTED_SOURCE}): `;

type Source = (typeof CREDENTIALS_SOURCES)[number];

async function answer<T>(
  { option, text, read }: Question<T>,
  given: string | undefined,
  io: Io,
): Promise<T> {
  if (given) return fromOption(option, given, read);
  for (;;) {
    const said = await io.ask?.(text);
    if (said === undefined) throw new UsageError('init: no answer came, so nothing was written');
    try {
      return read(said.trim());
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      io.err(`${error.message}\n`);
    }
  }
}

function fromOption<T>(option: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${option} ${error.message}`);
  }
}

/** A value of a target, as the policy would have it. */
function readKey(key: string, text: string): string {
  return readValue(MAPPINGS['a target']?.[key], text);
}

/** @param shown the text, as an error repeats it. */
function readValue(
  schema: (typeof MAPPINGS)[string][string] | undefined,
  text: string,
  shown = JSON.stringify(text),
): string {
  const { data, error } = schema?.safeParse(text) ?? {};
  const [first] = error?.issues ?? [];
  const issue = first && (issuesOfForm(first)?.[0] ?? first);
  if (!issue) return data as string;
  const problem = issue.code === 'custom' ? issue.message : `expected ${issue.message}`;
  throw new UsageError(`${shown}: ${problem}`);
}

/** At least one, each once. */
function listOf(text: string): string[] {
  const items = [...new Set(text.split(/[\s,]+/).filter(Boolean))];
  return items.length > 0 ? items : [''];
}
